#include <authplane/dpop/nonce.h>

#include <algorithm>
#include <list>
#include <unordered_map>
#include <utility>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/base/mutex.h>
#include <authplane/base/secret.h>

namespace authplane::dpop {
namespace {

using std::chrono::seconds;

// A slot lasts one lifetime; the current and the previous one are good.
class SlotNonces final : public NoncePolicy {
 public:
  SlotNonces(seconds lifetime, std::shared_ptr<const Clock> clock, Random& random)
      : lifetime_(std::clamp(lifetime, seconds(1), seconds(3600))),
        clock_(std::move(clock)),
        key_(random.bytes(32)) {}

  std::string current() const override { return nonce_of(slot()); }
  bool accepts(std::string_view nonce) const override {
    const std::int64_t now = slot();
    return constant_time_equal(nonce, nonce_of(now)) || constant_time_equal(nonce, nonce_of(now - 1));
  }

 private:
  std::int64_t slot() const { return clock_->steady_now().time_since_epoch() / lifetime_; }
  std::string nonce_of(std::int64_t slot) const {
    return base64url_encode(as_bytes(hmac_sha256(key_.expose(), "dpop-nonce " + std::to_string(slot))));
  }

  const seconds lifetime_;
  const std::shared_ptr<const Clock> clock_;
  const SecretString key_;
};

class LruNonces final : public NonceStore {
 public:
  explicit LruNonces(std::size_t max_origins) : max_origins_(std::max<std::size_t>(max_origins, 1)) {}

  std::optional<std::string> get(std::string_view origin) const override {
    MutexLock lock(mutex_);
    const auto found = index_.find(origin);
    if (found == index_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->nonce;
  }

  void put(std::string_view origin, std::string_view nonce) override {
    MutexLock lock(mutex_);
    if (const auto found = index_.find(origin); found != index_.end()) {
      found->second->nonce = nonce;
      entries_.splice(entries_.begin(), entries_, found->second);
      return;
    }
    if (entries_.size() == max_origins_) {
      index_.erase(entries_.back().origin);
      entries_.pop_back();
    }
    entries_.push_front({std::string(origin), std::string(nonce)});
    index_.emplace(entries_.front().origin, entries_.begin());
  }

 private:
  struct Entry {
    std::string origin, nonce;
  };
  const std::size_t max_origins_;
  mutable Mutex mutex_;
  mutable std::list<Entry> entries_ AUTHPLANE_GUARDED_BY(mutex_);  // most recently used first
  // Keys are views into the entries, which do not move.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<NoncePolicy> make_nonce_policy(seconds lifetime, std::shared_ptr<const Clock> clock,
                                               std::shared_ptr<Random> random) {
  if (!clock) clock = std::make_shared<SystemClock>();
  if (!random) random = std::make_shared<SystemRandom>();
  return std::make_shared<SlotNonces>(lifetime, std::move(clock), *random);
}

std::shared_ptr<NonceStore> make_nonce_store(std::size_t max_origins) {
  return std::make_shared<LruNonces>(max_origins);
}

std::string origin_of(const Url& url) {
  std::string out = url.scheme() + "://" + (url.host_is_ipv6() ? "[" + url.host() + "]" : url.host());
  return out += ":" + std::to_string(url.port());
}

}  // namespace authplane::dpop
