#include "client/token_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <authplane/base/hash.h>

namespace authplane {
namespace {

void append(std::string& key, std::string_view value) {
  key += std::to_string(value.size());
  key += ':';
  key += value;
}

void append_set(std::string& key, std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  key += std::to_string(values.size());
  key += '[';
  for (const std::string& value : values) append(key, value);
}

}  // namespace

std::string client_credentials_key(std::vector<std::string> scopes, std::vector<std::string> resources) {
  std::string key = "cc";
  append_set(key, std::move(scopes));
  append_set(key, std::move(resources));
  return key;
}

std::string exchange_key(const ExchangeOptions& options) {
  std::string inputs;
  for (const std::string* value : {&options.subject_token, &options.subject_token_type, &options.actor_token,
                                   &options.actor_token_type}) {
    append(inputs, *value);
  }
  append_set(inputs, options.scopes);
  append_set(inputs, options.resources);
  append_set(inputs, options.audiences);
  const Sha256Digest digest = sha256(inputs);
  return "x" + std::string(as_bytes(digest));
}

TokenCache::TokenCache(const TokenCacheOptions& options, std::shared_ptr<const Clock> clock)
    : options_(options), clock_(std::move(clock)) {}

Result<TokenResponse> TokenCache::get_or_request(const std::string& key, const Request& request,
                                                 std::optional<std::chrono::seconds> max_ttl) {
  std::shared_ptr<Flight<TokenResponse>> flight;
  bool leads = false;
  {
    MutexLock lock(mutex_);
    if (auto cached = find(key)) return std::move(*cached);
    auto& slot = flights_[key];
    leads = !slot;
    if (leads) slot = std::make_shared<Flight<TokenResponse>>();
    flight = slot;
  }
  if (!leads) return flight->wait();

  Result<TokenResponse> response = fly(request);
  {
    MutexLock lock(mutex_);
    if (response) store(key, *response, max_ttl);
    flights_.erase(key);
  }
  flight->land(response);
  return response;
}

void TokenCache::drop_token(std::string_view access_token) {
  MutexLock lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->response.access_token == access_token) erase(entry);
    entry = next;
  }
}

std::size_t TokenCache::size() const {
  MutexLock lock(mutex_);
  return entries_.size();
}

std::optional<TokenResponse> TokenCache::find(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return std::nullopt;
  const auto entry = found->second;
  if (clock_->steady_now() >= entry->expires_at) {
    erase(entry);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->response;
}

void TokenCache::store(const std::string& key, const TokenResponse& response,
                       std::optional<std::chrono::seconds> max_ttl) {
  std::chrono::seconds lifetime = response.expires_in.value_or(options_.default_ttl);
  if (max_ttl) lifetime = std::min(lifetime, *max_ttl);
  if (lifetime <= options_.ttl_buffer) return;

  entries_.push_front({key, response, clock_->steady_now() + (lifetime - options_.ttl_buffer)});
  index_.emplace(entries_.front().key, entries_.begin());  // was absent: a key's flight is its only writer
  if (entries_.size() > options_.max_entries) erase(std::prev(entries_.end()));
}

void TokenCache::erase(Entries::iterator entry) {
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace authplane
