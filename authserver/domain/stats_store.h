#pragma once

#include <cstddef>

#include <authplane/base/clock.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

struct Stats {
  std::size_t clients = 0;         // in any status
  std::size_t active_clients = 0;  // status active
  std::size_t tokens_issued = 0;   // since the given time
  std::size_t tokens_revoked = 0;  // since the given time
  std::size_t users = 0;           // in any status
};

class StatsStore {
 public:
  virtual ~StatsStore() = default;
  virtual Outcome<Stats> stats(WallTime since) = 0;
};

}  // namespace authplane::authserver
