#pragma once

#include <iosfwd>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/random.h>

#include "authserver/config/environment.h"

namespace authplane::authserver::cli {

// What a command may touch of the outside world. main() fills in the real one.
struct Context {
  const Environment& environment;
  std::istream& in;
  std::ostream& out;  // results, and nothing else
  std::ostream& err;  // one `error: ...` line, and `warning: ...` or `note: ...` lines
  Clock& clock;
  Random& random;
};

// Exit codes.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;  // wrong use, wrong configuration, or the command could not be carried out
inline constexpr int kCannotBind = 3;  // serve: a port is in use or not ours to bind

}  // namespace authplane::authserver::cli
