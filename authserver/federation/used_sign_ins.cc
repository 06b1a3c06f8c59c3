#include "authserver/federation/used_sign_ins.h"

namespace authplane::authserver {
namespace {

// 90 bits of an HMAC tell sign-ins apart, and short strings need no memory of their own.
constexpr std::size_t kKeyLength = 15;

}  // namespace

bool UsedSignIns::use(std::string_view state) {
  const SteadyTime now = clock_.steady_now();
  std::string key(state.substr(0, kKeyLength));
  MutexLock lock(mutex_);
  while (!by_age_.empty() && (by_age_.front().until <= now || by_age_.size() >= kMost)) {
    keys_.erase(by_age_.front().key);
    by_age_.pop_front();
  }
  if (!keys_.insert(key).second) return false;
  by_age_.push_back({std::move(key), now + lifetime_});
  return true;
}

}  // namespace authplane::authserver
