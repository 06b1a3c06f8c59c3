#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <authplane/base/result.h>
#include <authplane/client/options.h>

namespace authplane {

// Calls `attempt` until it succeeds or `timeout` has passed since the first call; 0 = one call. Between calls
// it waits 0.25 s, doubling up to 4 s, each spread by up to a quarter so that servers started together do not
// march in step. One log line per failed attempt. A guard refusal ends it at once: waiting does not change
// the configuration. Uses clock, random, logger and sleep of `seams`.
Result<void> retry_startup(const std::function<Result<void>()>& attempt, const std::string& issuer,
                           std::chrono::seconds timeout, const Seams& seams);

}  // namespace authplane
