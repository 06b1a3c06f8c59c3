#include <memory>

#include "authserver/cli/command.h"
#include "authserver/cli/purge.h"
#include "authserver/cli/signals.h"
#include "authserver/cli/workspace.h"
#include "authserver/config/go_duration.h"
#include "authserver/logging/logger.h"

namespace authplane::authserver::cli {
namespace {

struct PurgeOptions {
  std::optional<std::string> only;
  std::string timeout = "10m";
};

CommandResult<void> run(Invocation& invocation, const PurgeOptions& options) {
  CommandResult<PurgeTargets> targets = purge_targets(options.only);
  if (!targets) return Err(targets.error());
  const std::optional<Duration> timeout = parse_go_duration(options.timeout);
  if (!timeout || *timeout < Duration::zero()) {
    return failure("--timeout must be a duration such as 10m, or 0 for none");
  }
  CommandResult<LoadedConfig> loaded = load_for_command(invocation);
  if (!loaded) return Err(loaded.error());
  if (CommandResult<void> there = require_database(loaded->config); !there) return there;

  const SignalGate signals;
  const Clock& clock = invocation.context.clock;
  const std::unique_ptr<Logger> logger =
      make_logger({.minimum = LogLevel::info, .target = LogTarget::standard_error}, clock);
  CommandResult<std::unique_ptr<Storage>> storage =
      open_storage(loaded->config, clock, *logger, SchemaPolicy::require_current);
  if (!storage) return Err(storage.error());
  const SteadyTime end = clock.steady_now() + std::chrono::duration_cast<SteadyTime::duration>(*timeout);
  return purge(*targets, **storage, clock, *logger, [&]() -> std::string {
    if (signals.is_asked_to_stop()) return "by a signal";
    if (*timeout != Duration::zero() && clock.steady_now() >= end) return "after " + options.timeout;
    return "";
  });
}

}  // namespace

void add_purge_command(CLI::App& root, Action& selected) {
  auto options = std::make_shared<PurgeOptions>();
  CommandBuilder(root, "purge", "Delete what has expired, once; a server may run meanwhile", selected)
      .text("--only", options->only, "Comma list of targets, default all: " + purge_target_names())
      .text("--timeout", options->timeout, "Begin no further target after this time; default 10m, 0 = none")
      .runs([options](Invocation& invocation) { return run(invocation, *options); });
}

}  // namespace authplane::authserver::cli
