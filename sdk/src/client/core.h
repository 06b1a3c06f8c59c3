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

  const ClientSettings& settings() const { return settings_; }
  KeySource& keys() { return keys_; }

 private:
  using Endpoint = std::optional<Url> Metadata::*;

  Result<void> check_open() const;
  Result<void> check_may_request_tokens() const;
  Result<TokenResponse> request_token(Form form, Grant grant);
  // Sends `form` to the endpoint and returns the body of a 2xx response. Does not touch the breaker.
  Result<std::string> post(Endpoint endpoint, std::string_view name, Form form);
  // The same through the circuit breaker, `judge` turning the body into the result.
  template <class Judge>
  auto call(Endpoint endpoint, std::string_view name, Form form, Judge judge)
      -> decltype(judge(std::string_view()));

  const Authenticator authenticator_;
  const ClientSettings settings_;  // without `auth`, which is in the authenticator
  const net::Fetcher fetcher_;
  const Discovery discovery_;
  CircuitBreaker breaker_;
  TokenCache tokens_;
  std::atomic<bool> closed_ = false;
  Worker worker_;
  DiscoveredKeys keys_;
};

}  // namespace authplane
