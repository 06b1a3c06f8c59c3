#include "authserver/cli/open_files.h"

#include <sys/resource.h>

#include <algorithm>

namespace authplane::authserver::cli {

void raise_open_files_limit(std::size_t wanted, Logger& logger) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  const bool raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
  if (raised && limit.rlim_cur >= wanted) return;
  logger.warn(
      "the limit on open files is below what the listeners accept; connections beyond it are refused. Raise "
      "it: "
      "LimitNOFILE= in systemd, ulimit -n in a shell",
      {{"limit", static_cast<std::int64_t>(limit.rlim_max)}, {"wanted", wanted}});
}

}  // namespace authplane::authserver::cli
