#pragma once

#include <string>
#include <variant>

#include <authplane/base/clock.h>
#include <authplane/base/random.h>
#include <authplane/base/secret.h>
#include <authplane/client/options.h>

#include "client/metadata.h"

namespace authplane {

// base64(form-urlencode(id) ":" form-urlencode(secret)) after "Basic " (RFC 6749 section 2.3.1).
std::string basic_credentials(std::string_view id, std::string_view secret);

// What a request to an authorization server is authenticated for, and with.
struct AuthContext {
  const std::string& issuer;
  const Url& endpoint;
  const Clock& clock;
  Random& random;
};

// How this client proves who it is. Thread-safe when the provider is.
class Authenticator {
 public:
  Authenticator() = default;  // sends nothing
  // The secret in `auth` is wiped.
  explicit Authenticator(ClientAuth auth);

  bool has_credentials() const { return !std::holds_alternative<std::monostate>(method_); }

  // Whether a server that offers this takes it. Errors: invalid_argument.
  Result<void> check_offered(const TokenEndpointAuth& offered, const std::string& issuer) const;
  // Adds header fields or form fields to a request. Errors: the provider's; runtime_error when it throws, or
  // when signing fails.
  Result<void> apply(const AuthContext& context, Headers& headers, Form& form) const;

 private:
  struct Basic {
    SecretString header;
  };
  struct Post {
    std::string id;
    SecretString secret;
  };
  std::variant<std::monostate, Basic, Post, AuthProvider, ClientKey> method_;
};

}  // namespace authplane
