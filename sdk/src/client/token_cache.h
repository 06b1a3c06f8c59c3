#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>
#include <authplane/client/options.h>
#include <authplane/client/responses.h>

#include "client/single_flight.h"

namespace authplane {

// Keys are length-prefixed, so that no value can pretend to be two, and blind to order and repetition in
// lists.
std::string client_credentials_key(std::vector<std::string> scopes, std::vector<std::string> resources);
// A digest: subject and actor tokens do not become map keys. `options` must be normalized.
std::string exchange_key(const ExchangeOptions& options);

// Tokens in memory, bounded, least recently used out first; callers that miss the same key share one request.
// Lifetimes run on the monotonic clock. Thread-safe; no lock is held while requesting.
class TokenCache {
 public:
  using Request = std::function<Result<TokenResponse>()>;

  TokenCache(const TokenCacheOptions& options, std::shared_ptr<const Clock> clock);

  // The cached response, or that of `request`. It is kept for expires_in (default_ttl when absent, not at all
  // when 0), at most `max_ttl`, less ttl_buffer.
  Result<TokenResponse> get_or_request(const std::string& key, const Request& request,
                                       std::optional<std::chrono::seconds> max_ttl = std::nullopt)
      AUTHPLANE_EXCLUDES(mutex_);

  // Forgets every entry that holds this access token.
  void drop_token(std::string_view access_token) AUTHPLANE_EXCLUDES(mutex_);

  std::size_t size() const AUTHPLANE_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::string key;
    TokenResponse response;
    SteadyTime expires_at;
  };
  using Entries = std::list<Entry>;

  std::optional<TokenResponse> find(const std::string& key) AUTHPLANE_REQUIRES(mutex_);
  void store(const std::string& key, const TokenResponse& response,
             std::optional<std::chrono::seconds> max_ttl) AUTHPLANE_REQUIRES(mutex_);
  void erase(Entries::iterator entry) AUTHPLANE_REQUIRES(mutex_);

  const TokenCacheOptions options_;
  const std::shared_ptr<const Clock> clock_;
  mutable Mutex mutex_;
  Entries entries_ AUTHPLANE_GUARDED_BY(mutex_);  // most recently used first
  std::unordered_map<std::string_view, Entries::iterator> index_
      AUTHPLANE_GUARDED_BY(mutex_);  // views into entries_
  std::unordered_map<std::string, std::shared_ptr<Flight<TokenResponse>>> flights_
      AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane
