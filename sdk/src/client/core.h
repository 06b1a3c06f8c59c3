#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/client/client.h>

#include "client/authenticator.h"
#include "client/breaker.h"
#include "client/discovered_keys.h"
#include "client/discovery.h"
#include "client/net/fetch.h"
#include "client/settings.h"
#include "client/token_cache.h"
#include "client/token_response.h"
#include "client/worker.h"

namespace authplane {

// The state that all copies of a Client share. Members are declared so that each outlives what refers to it.
class Client::Core {
 public:
  explicit Core(ClientSettings settings);
  ~Core() { close(); }

  Result<void> start();
  void close() noexcept;

  Result<TokenResponse> client_credentials(std::vector<std::string> scopes,
                                           std::vector<std::string> resources);
  Result<TokenResponse> exchange(const ExchangeOptions& options);
  Result<Introspection> introspect(std::string_view token);
  Result<void> revoke(std::string_view token, std::string_view token_type_hint);
  Result<Headers> dpop_headers(std::string_view method, std::string_view url, std::string_view access_token);

  const ClientSettings& settings() const { return settings_; }
  KeySource& keys() { return keys_; }

 private:
  struct Endpoint {
    std::optional<Url> Metadata::*url;
    std::string_view name;
  };

  Result<void> check_open() const;
  Result<void> check_may_request_tokens() const;
  Result<TokenResponse> request_token(const Form& form, Grant grant);
  // One request, authenticated and, with a DPoP provider, with a new proof; the body of a 2xx response.
  // Error::dpop_nonce is set when the server demanded that nonce and the provider knows it now.
  Result<std::string> send(const Endpoint& endpoint, const Url& url, Form form);
  // The same, once more when a nonce was demanded. Does not touch the breaker.
  Result<std::string> post(const Endpoint& endpoint, const Form& form);
  // The same through the circuit breaker, `judge` turning the body into the result.
  template <class Judge>
  auto call(const Endpoint& endpoint, const Form& form, Judge judge) -> decltype(judge(std::string_view()));

  const Authenticator authenticator_;
  const ClientSettings settings_;  // without `auth`, which is in the authenticator
  const net::Fetcher fetcher_;
  const Discovery discovery_;
  CircuitBreaker breaker_;
  TokenCache tokens_;  // of one client, whose key never changes, so bound tokens are all bound to that key
  std::atomic<bool> closed_ = false;
  Worker worker_;
  DiscoveredKeys keys_;
};

}  // namespace authplane
