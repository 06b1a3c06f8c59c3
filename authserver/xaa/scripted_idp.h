#pragma once

// For tests only: an identity provider on a scripted transport, and the assertions it makes.

#include <memory>
#include <string>

#include <authplane/testing/testing.h>

#include "authserver/domain/xaa.h"

namespace authplane::authserver {

class ScriptedIdp {
 public:
  static constexpr const char* kIssuer = "https://idp.example";

  explicit ScriptedIdp(const Clock& clock, std::string issuer = kIssuer)
      : issuer_(std::move(issuer)), clock_(clock) {
    serve({key});
    network->on_json(issuer_ + "/.well-known/openid-configuration",
                     R"({"issuer":")" + issuer_ + R"(","jwks_uri":")" + jwks_uri() + "\"}");
  }

  std::string jwks_uri() const { return issuer_ + "/keys"; }
  void serve(std::initializer_list<PrivateKey> keys) { serve(testing::jwks_document(keys)); }
  void serve(std::string jwks) { network->on_json(jwks_uri(), std::move(jwks)); }
  void go_down() {
    network->on(jwks_uri(), [](const OutboundRequest&) -> Result<HttpResponse> {
      return Err(ErrorCode::transport_error, "connection refused");
    });
  }
  std::size_t fetches() const { return network->count(jwks_uri()); }

  // The row of this provider.
  TrustedIdp row(std::string audience) const {
    TrustedIdp idp;
    idp.id = "idp-1";
    idp.name = "Example";
    idp.issuer = issuer_;
    idp.jwks_uri = jwks_uri();
    idp.audience = std::move(audience);
    return idp;
  }

  // An assertion that is good for everything but what the test changes.
  testing::TokenBuilder assertion(const std::string& audience, const std::string& client_id) const {
    testing::TokenBuilder token(clock_.now_seconds());
    token.header("typ", "oauth-id-jag+jwt").issuer(issuer_).claim("aud", audience);
    token.claim("sub", "upstream-7").claim("client_id", client_id);
    token.claim("jti", "assertion-" + std::to_string(++made_));
    token.claim("exp", (clock_.now_seconds() + std::chrono::minutes(5)).time_since_epoch().count());
    return token.without_claim("scope").key(key);
  }

  std::shared_ptr<testing::ScriptedTransport> network = std::make_shared<testing::ScriptedTransport>();
  PrivateKey key = testing::test_key();

 private:
  const std::string issuer_;
  const Clock& clock_;
  mutable int made_ = 0;
};

}  // namespace authplane::authserver
