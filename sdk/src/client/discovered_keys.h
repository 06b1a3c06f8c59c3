#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include <authplane/base/mutex.h>
#include <authplane/client/jwks_cache.h>

#include "client/discovery.h"
#include "client/document_cache.h"

namespace authplane {

// Metadata and key set of one authorization server, kept together: the key set follows the jwks_uri of the
// metadata. Every lookup looks at the age of both, so a server that only verifies tokens notices a moved
// jwks_uri.
class DiscoveredKeys final : public KeySource {
 public:
  using Background = DocumentCache<Metadata>::Background;

  DiscoveredKeys(const Discovery& discovery, const Background& background, std::shared_ptr<const Clock> clock,
                 std::shared_ptr<Logger> logger);

  // Start: fetches both, now.
  Result<void> load();
  Result<std::shared_ptr<const Metadata>> metadata() { return metadata_.get(); }
  // Later lookups fail with `closed`.
  void close() noexcept { closed_ = true; }

  Result<PublicKey> find_key(std::string_view kid, JwsAlgorithm algorithm) override;
  // Without a lock while nothing is due. The same again when a refresh brought the same keys.
  std::optional<std::uint64_t> generation() override;

 private:
  using Keys = DocumentCache<KeyDocument>::Document;

  // The keys to use now, by the rules of both caches.
  Result<Keys> current();
  // Keys from the current jwks_uri if they can be had, else `keys`.
  Keys follow(Keys keys, const Metadata& metadata);
  bool may_follow() AUTHPLANE_EXCLUDES(mutex_);
  void note_follow(bool success) AUTHPLANE_EXCLUDES(mutex_);

  const Discovery& discovery_;
  const std::shared_ptr<const Clock> clock_;
  DocumentCache<Metadata> metadata_;
  DocumentCache<KeyDocument> keys_;
  std::atomic<bool> closed_ = false;
  std::atomic<std::uint64_t> followed_ = 0;  // fingerprint of the metadata whose jwks_uri the keys came from

  Mutex mutex_;
  int follow_failures_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  SteadyTime follow_at_ AUTHPLANE_GUARDED_BY(mutex_) = SteadyTime::min();
};

}  // namespace authplane
