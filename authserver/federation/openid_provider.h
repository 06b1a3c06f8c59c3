#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/secret.h>

#include "authserver/federation/id_token.h"
#include "authserver/federation/pending_sign_in.h"
#include "authserver/federation/provider_documents.h"

namespace authplane::authserver {

// What the operator and the provider have agreed on.
struct ProviderOptions {
  std::string issuer;
  std::string client_id;
  SecretString client_secret;
  std::string redirect_uri;  // our callback, as registered there
  std::vector<std::string> scopes{"openid", "email", "profile"};
  bool include_groups_scope = true;  // ask for `groups` too where the provider offers it
  std::string connector_id;          // of a provider that has several of its own; "" = it asks
  bool allow_http = false;           // for development
};

// The OpenID provider that people may sign in at: authorization code flow with PKCE (OpenID Connect Core 1.0
// section 3.1). Thread-safe once loaded.
class OpenIdProvider {
 public:
  OpenIdProvider(ProviderOptions options, ProviderDocuments::Deps deps);

  // Before anything else; see ProviderDocuments::load().
  Result<void> load() { return documents_.load(); }
  bool is_due() const { return documents_.is_due(); }
  void refresh() { documents_.refresh(); }

  // Where to send the browser. Asks nobody.
  std::string authorization_url(const PendingSignIn& sign_in) const;
  // Whether an authorization response with this `iss` ("" when it has none) is one of this provider's (RFC
  // 9207).
  bool is_response_issuer(std::string_view iss) const;
  // Redeems the code, verifies the ID token. Calls the provider up to three times, in the calling thread.
  // Errors: code_refused, invalid_id_token, provider_failed.
  FederationResult<UpstreamIdentity> identify(std::string_view code, const PendingSignIn& sign_in);

 private:
  FederationResult<std::string> redeem(std::string_view code, const PendingSignIn& sign_in) const;
  FederationResult<UpstreamIdentity> redeem_and_verify(std::string_view code, const PendingSignIn& sign_in);
  OutboundRequest token_request(std::string_view code, const PendingSignIn& sign_in) const;

  const ProviderOptions options_;
  const ProviderDocuments::Deps deps_;
  ProviderDocuments documents_;
};

}  // namespace authplane::authserver
