#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "claims_data.h"

namespace authplane::detail {

// The last few tokens that this thread found in the cache of verified tokens: to recognise one takes a
// comparison instead of a digest and a lock that is shared. The text of a token is kept until another takes
// its place, the keys change, the thread or this object ends or it is forgotten, and wiped then. Claims from
// here have a reference count that no other thread touches. Thread-safe; the state is the calling thread's.
class RecentTokens {
 public:
  RecentTokens();
  ~RecentTokens();  // drops its tokens of all threads
  RecentTokens(const RecentTokens&) = delete;
  RecentTokens& operator=(const RecentTokens&) = delete;

  // nullptr when absent, verified under another generation of keys, or found so often that the cache should
  // hear of it again.
  std::shared_ptr<const ClaimsData> find(std::string_view token, std::uint64_t generation) const;
  void remember(std::string_view token, std::shared_ptr<const ClaimsData> claims,
                std::uint64_t generation) const;
  void forget(std::string_view token) const;

 private:
  const std::uint64_t id_;  // among all of the process, never used again
};

}  // namespace authplane::detail
