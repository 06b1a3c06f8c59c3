#pragma once

// For tests only: a server that trusts one identity provider, with a policy that allows everything, and the
// confidential client "agent" that is registered for its assertions (scope "mcp:echo mcp:add").

#include "authserver/http/user_token_fixture.h"
#include "authserver/xaa/scripted_idp.h"

namespace authplane::authserver {

class XaaTest : public UserTokenTest {
 protected:
  XaaTest() : XaaTest(make_memory_storage()) {}
  explicit XaaTest(std::unique_ptr<Storage> storage) : UserTokenTest(std::move(storage)) {
    Client agent = confidential_client("agent");
    agent.grant_types = {std::string(to_string(GrantKind::jwt_bearer))};
    agent.scope = "mcp:echo mcp:add";
    server.add(agent);
    xaa().insert_idp(row).value();
    XaaPolicy policy;
    policy.id = "policy-1";
    policy.name = "everything";
    policy.idp_id = row.id;
    xaa().insert_policy(policy).value();
    start(idp.network);
  }

  // Fetches keys through `transport`, and takes `server.config` as it is now.
  void start(std::shared_ptr<HttpTransport> transport) {
    server.handler = nullptr;
    server.deferred = nullptr;
    server.idp_keys = std::make_shared<IdpKeys>(
        IdpKeys::Options{},
        IdpKeys::Deps{.transport = std::move(transport), .clock = server.clock, .logger = server.logger});
    server.start();
  }

  XaaStore& xaa() { return server.storage.xaa(); }
  void map(const std::string& subject, const std::string& user_id) {
    xaa()
        .insert_mapping(
            {.id = "mapping-" + subject, .idp_id = row.id, .idp_subject = subject, .local_user_id = user_id})
        .value();
  }
  template <class Change>
  void change_policy(Change change) {
    XaaPolicy policy = xaa().find_policy("policy-1").value().value();
    change(policy);
    xaa().update_policy(policy).value();
  }

  // An assertion for "agent" that is good for everything, never the same one twice.
  testing::TokenBuilder assertion() const { return idp.assertion(std::string(kIssuer), "agent"); }
  static Form assertion_form(std::string text) {
    Form form;
    form.add("grant_type", std::string(to_string(GrantKind::jwt_bearer)));
    form.add("assertion", std::move(text));
    form.add("resource", std::string(kResource));
    return form;
  }
  HttpResponse present(const Form& form, const std::string& dpop = "") const {
    return token(form, secret_of("agent"), dpop);
  }
  HttpResponse present(std::string text) const { return present(assertion_form(std::move(text))); }

  ScriptedIdp idp{server.clock};
  TrustedIdp row = idp.row(std::string(kIssuer));
};

}  // namespace authplane::authserver
