#pragma once

#include <string>
#include <variant>

#include <authplane/base/secret.h>
#include <authplane/client/options.h>

namespace authplane {

// base64(form-urlencode(id) ":" form-urlencode(secret)) after "Basic " (RFC 6749 section 2.3.1).
std::string basic_credentials(std::string_view id, std::string_view secret);

// How this client proves who it is. Thread-safe when the provider is.
class Authenticator {
 public:
  Authenticator() = default;  // sends nothing
  // The secret in `auth` is wiped.
  explicit Authenticator(ClientAuth auth);

  bool has_credentials() const { return !std::holds_alternative<std::monostate>(method_); }

  // Adds header fields or form fields to a request. Errors: the provider's; runtime_error when it throws.
  Result<void> apply(const Url& endpoint, Headers& headers, Form& form) const;

 private:
  struct Basic {
    SecretString header;
  };
  struct Post {
    std::string id;
    SecretString secret;
  };
  std::variant<std::monostate, Basic, Post, AuthProvider> method_;
};

}  // namespace authplane
