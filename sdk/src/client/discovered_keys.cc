#include "client/discovered_keys.h"

#include <algorithm>
#include <utility>

#include <authplane/base/encoding.h>

namespace authplane {
namespace {

using std::chrono::seconds;

constexpr seconds kMaxStaleKeys = std::chrono::hours(24);
constexpr seconds kMaxFollowPause{30};

Unexpected<Error> unknown_key(std::string_view kid, JwsAlgorithm algorithm, const KeyDocument& keys) {
  return Err(ErrorCode::invalid_signature, "no key with kid '" + header_safe(kid.substr(0, 100)) + "' for " +
                                               std::string(to_string(algorithm)) + " in " + keys.source);
}

bool is_unused(const Metadata& metadata) {
  return metadata.jwks_uri.text().empty();
}

}  // namespace

DiscoveredKeys::DiscoveredKeys(const Discovery& discovery, const Background& background,
                               std::shared_ptr<const Clock> clock, std::shared_ptr<Logger> logger)
    : discovery_(discovery),
      clock_(clock),
      metadata_(
          {.name = "authorization server metadata",
           .unavailable = ErrorCode::metadata_fetch_error,
           .max_stale = std::nullopt},
          [this] { return discovery_.fetch_metadata(); }, background, clock, logger),
      keys_(
          {.name = "key set", .unavailable = ErrorCode::jwks_unavailable, .max_stale = kMaxStaleKeys},
          [this]() -> Result<DocumentCache<KeyDocument>::Fetched> {
            auto metadata = metadata_.get();
            if (!metadata) return Err(std::move(metadata).error());
            return discovery_.fetch_keys((*metadata)->jwks_uri);
          },
          background, clock, logger) {}

Result<void> DiscoveredKeys::load() {
  const auto metadata = metadata_.load();
  if (!metadata) return Err(metadata.error());
  if (is_unused(**metadata)) return {};
  if (auto keys = keys_.load(); !keys) return Err(std::move(keys).error());
  return {};
}

Result<DiscoveredKeys::Keys> DiscoveredKeys::current() {
  if (closed_) return Err(ErrorCode::closed, "the client of this key set is closed");
  const auto metadata = metadata_.get();
  if (!metadata) return Err(metadata.error());
  if (is_unused(**metadata)) {
    return Err(ErrorCode::jwks_unavailable,
               "this client was made to ask for tokens only (option fetch_keys); it verifies none");
  }
  auto keys = keys_.get();
  if (!keys) return Err(std::move(keys).error());
  return follow(std::move(*keys), **metadata);
}

std::optional<std::uint64_t> DiscoveredKeys::generation() {
  const SteadyTime now = clock_->steady_now();
  const auto metadata = metadata_.fresh_fingerprint(now);
  if (metadata && *metadata == followed_ && !closed_) {
    if (const auto keys = keys_.fresh_fingerprint(now)) return keys;
  }
  const auto keys = current();
  return keys ? std::optional((*keys)->fingerprint) : std::nullopt;
}

Result<PublicKey> DiscoveredKeys::find_key(std::string_view kid, JwsAlgorithm algorithm) {
  const auto keys = current();
  if (!keys) return Err(keys.error());
  if (const PublicKey* key = (*keys)->keys.find(kid, algorithm)) return *key;
  if (const auto newer = keys_.newer_than_paced(*keys)) {
    if (const PublicKey* key = (*newer)->keys.find(kid, algorithm)) return *key;
  }
  return unknown_key(kid, algorithm, **keys);
}

DiscoveredKeys::Keys DiscoveredKeys::follow(Keys keys, const Metadata& metadata) {
  // Twice, because the fetch that was joined may have started before the metadata changed.
  for (int attempt = 0; attempt < 2 && keys->source != metadata.jwks_uri.text(); ++attempt) {
    if (!may_follow()) break;
    auto moved = keys_.newer_than(keys);
    note_follow(moved.has_value());
    if (!moved) break;
    keys = std::move(*moved);
  }
  if (keys->source == metadata.jwks_uri.text()) followed_ = metadata.fingerprint;
  return keys;
}

bool DiscoveredKeys::may_follow() {
  MutexLock lock(mutex_);
  return clock_->steady_now() >= follow_at_;
}

// The first retry comes with the next lookup; a new URI that stays dead then costs ever fewer requests.
void DiscoveredKeys::note_follow(bool success) {
  MutexLock lock(mutex_);
  follow_failures_ = success ? 0 : follow_failures_ + 1;
  const seconds pause = follow_failures_ < 2
                            ? seconds(0)
                            : std::min(seconds(1 << std::min(follow_failures_ - 2, 5)), kMaxFollowPause);
  follow_at_ = clock_->steady_now() + pause;
}

}  // namespace authplane
