#pragma once

#include <authplane/http_httplib/guard.h>

namespace authplane {

// Makes an exchange the one GuardedExchange::current() names on this thread, for a scope.
class CurrentExchange {
 public:
  explicit CurrentExchange(GuardedExchange& exchange);
  ~CurrentExchange();
  CurrentExchange(const CurrentExchange&) = delete;
  CurrentExchange& operator=(const CurrentExchange&) = delete;
};

}  // namespace authplane
