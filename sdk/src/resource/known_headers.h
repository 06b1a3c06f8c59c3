#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <authplane/base/mutex.h>
#include <authplane/jose/key.h>

namespace authplane::detail {

// A protected header that passed every header check and whose key verified a signature.
struct KnownHeader {
  std::string encoded;  // as in the token, base64url
  JwsAlgorithm algorithm;
  std::string kid;
  PublicKey key;
  std::uint64_t generation;
};

// The last few of them. An authorization server sends the same header with every token of a key, so decoding
// it, parsing it and looking up its key is done once per key and key set instead of once per token. Only a
// good signature leads to an entry, so a caller without a token cannot push one out. Thread-safe.
class KnownHeaders {
 public:
  // nullptr when unknown or when it belongs to another key set.
  std::shared_ptr<const KnownHeader> find(std::string_view encoded, std::uint64_t generation) const {
    MutexLock lock(mutex_);
    for (const auto& entry : entries_) {
      if (entry && entry->generation == generation && entry->encoded == encoded) return entry;
    }
    return nullptr;
  }

  void remember(KnownHeader header) {
    auto entry = std::make_shared<const KnownHeader>(std::move(header));
    MutexLock lock(mutex_);
    entries_[next_++ % entries_.size()] = std::move(entry);
  }

 private:
  mutable Mutex mutex_;
  std::array<std::shared_ptr<const KnownHeader>, 4> entries_ AUTHPLANE_GUARDED_BY(mutex_);
  std::size_t next_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
};

}  // namespace authplane::detail
