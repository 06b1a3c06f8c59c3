#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <authplane/base/form.h>
#include <authplane/base/http.h>
#include <authplane/jose/key.h>
#include <authplane/testing/scripted_transport.h>

namespace authplane::testing {

// An authorization server for people, and the metadata of one server it protects, on a scripted transport:
// registration (RFC 7591), authorization code with PKCE, refresh with rotation (a spent refresh token ends
// its family), revocation. Holds clients to the specifications it knows; where a test wants it to misbehave,
// it changes a document or sets one of the public members. Thread-safe but for these.
class ScriptedAuthorizationServer {
 public:
  ScriptedAuthorizationServer(std::shared_ptr<ScriptedTransport> network, std::string issuer,
                              std::string resource);

  // As served; to be changed before they are asked for.
  nlohmann::json metadata;
  nlohmann::json resource_metadata;

  // What the user and the server make of an authorization request.
  std::optional<std::string> iss;    // instead of the issuer; "" leaves the parameter out
  std::optional<std::string> state;  // instead of the one that came
  std::string error;                 // instead of a code
  std::optional<std::string> granted_scope;
  bool rotates = true;  // a refresh brings a new refresh token, and the old one is spent
  bool issues_refresh_tokens = true;
  int expires_in = 3600;
  // Clients that must authenticate by private_key_jwt at the token and revocation endpoints, by id.
  std::map<std::string, PublicKey> client_keys;

  // The user's part: judges the authorization request and approves. Returns the URL the browser is sent to.
  // Throws std::runtime_error for a request that a real server would answer with an error page.
  std::string approve(const std::string& authorization_url);

  bool is_live(const std::string& access_token) const;
  std::string scope_of(const std::string& access_token) const;
  // Ends every token issued so far.
  void revoke_everything();
  // Forgets registered clients.
  void forget_clients();

  std::vector<Form> authorization_requests() const;
  std::vector<Form> token_requests() const;
  std::vector<nlohmann::json> registrations() const;

 private:
  struct Code {
    Form request;
    std::string scope;
    bool spent = false;
  };
  struct Grant {
    std::string client_id;
    std::string resource;
    std::string scope;
    std::string access_token;   // the live one
    std::string refresh_token;  // the live one
    std::vector<std::string> spent;
    bool ended = false;
  };

  // RFC 7523 section 3; each assertion works once.
  bool is_authenticated(const std::string& client_id, const Form& form);
  HttpResponse answer_register(const OutboundRequest& request);
  HttpResponse answer_token(const OutboundRequest& request);
  HttpResponse answer_revoke(const OutboundRequest& request);
  HttpResponse redeem_code(const Form& form, bool bound);
  HttpResponse refresh(const Form& form, bool bound);
  HttpResponse token_response(Grant& grant, bool bound, bool with_refresh_token);
  const Grant* live_grant(const std::string& access_token) const;

  const std::string issuer_;
  const std::string resource_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> clients_;  // redirect URIs by id
  std::map<std::string, Code> codes_;
  std::vector<Grant> grants_;
  std::vector<Form> authorization_requests_, token_requests_;
  std::vector<nlohmann::json> registrations_;
  std::vector<std::string> spent_assertions_;
  int counter_ = 0;
};

}  // namespace authplane::testing
