#include <set>

#include <authplane/agent/token_store.h>
#include <authplane/base/mutex.h>

#include "agent/token_book.h"

namespace authplane::agent {
namespace {

// The names that are leased now.
class Leases {
 public:
  void take(const std::string& name) AUTHPLANE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (names_.contains(name)) lock.wait(returned_);
    names_.insert(name);
  }
  void give_back(const std::string& name) AUTHPLANE_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      names_.erase(name);
    }
    returned_.notify_all();
  }

 private:
  Mutex mutex_;
  std::condition_variable returned_;
  std::set<std::string> names_ AUTHPLANE_GUARDED_BY(mutex_);
};

class MemoryLease final : public TokenStore::Lease {
 public:
  MemoryLease(std::shared_ptr<Leases> leases, std::string name)
      : leases_(std::move(leases)), name_(std::move(name)) {
    leases_->take(name_);
  }
  ~MemoryLease() override { leases_->give_back(name_); }

 private:
  const std::shared_ptr<Leases> leases_;
  const std::string name_;
};

class MemoryTokenStore final : public TokenStore {
 public:
  Result<std::optional<StoredLogin>> find_login(const LoginKey& key) override {
    MutexLock lock(mutex_);
    const auto found = book_.logins.find(key);
    return found == book_.logins.end() ? std::nullopt : std::optional<StoredLogin>(found->second);
  }
  Result<void> put_login(const LoginKey& key, const StoredLogin& login) override {
    MutexLock lock(mutex_);
    book_.logins.insert_or_assign(key, login);
    return {};
  }
  Result<void> drop_login(const LoginKey& key) override {
    MutexLock lock(mutex_);
    book_.logins.erase(key);
    return {};
  }
  Result<std::optional<StoredClient>> find_client(const std::string& issuer) override {
    MutexLock lock(mutex_);
    const auto found = book_.clients.find(issuer);
    return found == book_.clients.end() ? std::nullopt : std::optional<StoredClient>(found->second);
  }
  Result<void> put_client(const std::string& issuer, const StoredClient& client) override {
    MutexLock lock(mutex_);
    book_.clients.insert_or_assign(issuer, client);
    return {};
  }
  Result<void> drop_client(const std::string& issuer) override {
    MutexLock lock(mutex_);
    book_.drop_client(issuer);
    return {};
  }
  Result<std::unique_ptr<Lease>> lease(const std::string& name) override {
    return std::unique_ptr<Lease>(std::make_unique<MemoryLease>(leases_, name));
  }

 private:
  Mutex mutex_;
  TokenBook book_ AUTHPLANE_GUARDED_BY(mutex_);
  const std::shared_ptr<Leases> leases_ = std::make_shared<Leases>();
};

}  // namespace

std::shared_ptr<TokenStore> make_memory_token_store() {
  return std::make_shared<MemoryTokenStore>();
}

}  // namespace authplane::agent
