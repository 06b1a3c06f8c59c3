#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <authplane/client/network.h>

namespace authplane::testing {

// A resolver without a name server: every name has the same public address unless the test says otherwise.
// Thread-safe.
class FixedResolver final : public net::Resolver {
 public:
  // An empty list makes the name unresolvable.
  void set(const std::string& host, std::vector<std::string> addresses) {
    std::lock_guard lock(mutex_);
    hosts_[host] = std::move(addresses);
  }

  Result<std::vector<std::string>> resolve(const std::string& host, std::chrono::milliseconds) override {
    std::lock_guard lock(mutex_);
    ++lookups_;
    const auto found = hosts_.find(host);
    if (found == hosts_.end()) return std::vector<std::string>{"93.184.215.14"};
    if (found->second.empty()) return Err(ErrorCode::transport_error, "host " + host + " does not resolve");
    return found->second;
  }

  int lookups() const {
    std::lock_guard lock(mutex_);
    return lookups_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> hosts_;
  int lookups_ = 0;
};

}  // namespace authplane::testing
