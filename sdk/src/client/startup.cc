#include "client/startup.h"

#include <algorithm>

namespace authplane {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{4000};

milliseconds spread(milliseconds pause, Random& random) {
  unsigned char byte = 0;
  random.fill(&byte, 1);
  return pause + pause * byte / (4 * 255);
}

}  // namespace

Result<void> retry_startup(const std::function<Result<void>()>& attempt, const std::string& issuer,
                           std::chrono::seconds timeout, const Seams& seams) {
  const SteadyTime deadline = seams.clock->steady_now() + timeout;
  milliseconds pause = kFirstPause;
  for (int number = 1;; ++number) {
    auto result = attempt();
    if (result) return result;
    const auto left = std::chrono::floor<milliseconds>(deadline - seams.clock->steady_now());
    if (left <= milliseconds(0) || result.error().code == ErrorCode::ssrf_blocked) return result;

    const milliseconds wait = std::min(spread(pause, *seams.random), left);
    seams.logger->warn("authorization server not usable yet, will try again",
                       {{"issuer", issuer},
                        {"attempt", number},
                        {"next_try_in_ms", wait.count()},
                        {"give_up_in_ms", left.count()},
                        {"cause", result.error().message}});
    seams.sleep(wait);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace authplane
