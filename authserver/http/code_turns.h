#pragma once

#include <latch>
#include <map>
#include <memory>

#include <authplane/base/mutex.h>

#include "authserver/domain/authorization.h"

namespace authplane::authserver {

// Of requests that present one code at the same time, lets the first finish before the others are looked at:
// what it was issued is recorded by then, so that they find something to revoke, and it is answered like any
// first request. A code that nobody else presents costs a look at an empty map. Thread-safe.
class CodeTurns {
 public:
  // Not null for the first: the others wait until it lets go of this. They get null, all at once.
  std::shared_ptr<const void> enter(const TokenHash& code);

 private:
  struct State {
    Mutex mutex;
    std::map<TokenHash, std::shared_ptr<std::latch>> first AUTHPLANE_GUARDED_BY(mutex);
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace authplane::authserver
