#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>

#include "authserver/cli/outcome.h"
#include "authserver/domain/storage.h"

namespace authplane::authserver::cli {

// Something that expires and can be deleted then.
struct PurgeTarget {
  std::string_view name;
  std::string_view table;  // "" when this server keeps no such rows
  Outcome<std::size_t> (*run)(Storage& storage, WallTime before) = nullptr;  // null exactly then
};

using PurgeTargets = std::vector<const PurgeTarget*>;

std::string purge_target_names();  // of all of them, "a, b, c"

// The targets that a comma list names, in the order of their names; all of them when `only` is absent.
CommandResult<PurgeTargets> purge_targets(const std::optional<std::string>& only);

// Runs one target after the other, each in small transactions, so that a server can go on issuing tokens.
// A target that fails is logged and does not stop the next; before each one `why_stop` says why to leave the
// rest alone, "" = go on.
CommandResult<void> purge(const PurgeTargets& targets, Storage& storage, const Clock& clock, Logger& logger,
                          const std::function<std::string()>& why_stop);

}  // namespace authplane::authserver::cli
