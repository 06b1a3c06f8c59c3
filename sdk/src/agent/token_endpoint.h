#pragma once

#include <string>

#include <authplane/client/options.h>
#include <authplane/client/responses.h>
#include <authplane/dpop/provider.h>

#include "agent/client_identity.h"
#include "agent/server_metadata.h"
#include "client/net/fetch.h"
#include "client/token_response.h"

namespace authplane::agent {

// The token endpoint of one authorization server, asked as one client. With a key every request carries a
// proof, and a demand for a nonce is met once. Lives as long as one login or refresh; everything it refers to
// must outlive it.
class TokenEndpoint {
 public:
  TokenEndpoint(const net::Fetcher& fetcher, const ServerMetadata& server, const ClientIdentity& client,
                dpop::ProviderPtr dpop, const Seams& seams)
      : fetcher_(fetcher), server_(server), client_(client), dpop_(std::move(dpop)), seams_(seams) {}

  struct Code {
    std::string code;
    std::string code_verifier;
    std::string redirect_uri;
    std::string resource;
  };
  // RFC 6749 section 4.1.3, RFC 7636 section 4.5, RFC 8707 section 2.2.
  Result<TokenResponse> exchange_code(const Code& code) const;
  // RFC 6749 section 6. A response without a refresh token leaves `refresh_token` empty: the old one stays
  // good.
  Result<TokenResponse> refresh(const std::string& refresh_token, const std::string& resource) const;
  // RFC 7009. A server without that endpoint: nothing to do.
  Result<void> revoke(const std::string& refresh_token) const;

 private:
  Result<TokenResponse> request(const Form& form, Grant grant) const;
  Result<std::string> post(const Url& url, std::string_view name, const Form& form) const;
  Result<std::string> post_once(const Url& url, std::string_view name, Form form) const;

  const net::Fetcher& fetcher_;
  const ServerMetadata& server_;
  const ClientIdentity& client_;
  const dpop::ProviderPtr dpop_;  // may be null
  const Seams& seams_;
};

}  // namespace authplane::agent
