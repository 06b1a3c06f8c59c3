#include "authserver/cli/purge.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "authserver/cli/command.h"
#include "authserver/cli/maintenance.h"

namespace authplane::authserver::cli {
namespace {

// Revocations have no rows of their own: they are marks on the tokens' records, and what tracks the tokens of
// a family goes with its refresh tokens.
constexpr std::array kTargets{
    PurgeTarget{
        "assertion-jti", "spent_assertions",
        [](Storage& storage, WallTime before) { return storage.xaa().purge_spent_assertions(before); }},
    PurgeTarget{
        "connect-pending-states", "connect_pending_states",
        [](Storage& storage, WallTime before) { return storage.broker_grants().purge_pending(before); }},
    PurgeTarget{
        "dpop-nonces", "spent_proofs",
        [](Storage& storage, WallTime before) { return storage.issuances().purge_spent_proofs(before); }},
    PurgeTarget{"jti", "", nullptr},
    PurgeTarget{"machine-tokens", "issuances",
                [](Storage& storage, WallTime before) {
                  return storage.issuances().purge_expired_machine_tokens(before);
                }},
    PurgeTarget{"refresh-tokens", "refresh_tokens",
                [](Storage& storage, WallTime before) { return storage.families().purge_expired(before); }},
    PurgeTarget{"sessions", "auth_sessions",
                [](Storage& storage, WallTime before) {
                  return storage.authorizations().purge_expired(before, PurgeAuthorizations::all);
                }},
};

bool is_target(std::string_view name) {
  return std::any_of(kTargets.begin(), kTargets.end(),
                     [&](const auto& target) { return target.name == name; });
}

// False when it failed.
bool purge_one(const PurgeTarget& target, Storage& storage, WallTime before, Logger& logger) {
  if (target.run == nullptr) {
    logger.info("nothing to purge", {{"target", target.name}, {"cause", "this server keeps no such rows"}});
    return true;
  }
  const Outcome<std::size_t> deleted = target.run(storage, before);
  if (!deleted) {
    logger.error("purge failed", {{"target", target.name},
                                  {"table", target.table},
                                  {"cause", failure(deleted.error()).error.message}});
    return false;
  }
  logger.info("purged", {{"target", target.name}, {"table", target.table}, {"deleted", *deleted}});
  return true;
}

}  // namespace

std::string purge_target_names() {
  std::string names;
  for (const PurgeTarget& target : kTargets) names.append(names.empty() ? "" : ", ").append(target.name);
  return names;
}

CommandResult<PurgeTargets> purge_targets(const std::optional<std::string>& only) {
  std::set<std::string> names;
  if (only) {
    for (std::string& name : split_list(*only)) names.insert(std::move(name));
    if (names.empty()) return failure("--only names no target; give some of " + purge_target_names());
    for (const std::string& name : names) {
      if (!is_target(name))
        return failure("--only '" + name + "' is no target; give some of " + purge_target_names());
    }
  }
  PurgeTargets chosen;
  for (const PurgeTarget& target : kTargets) {
    if (names.empty() || names.contains(std::string(target.name))) chosen.push_back(&target);
  }
  return chosen;
}

CommandResult<void> purge(const PurgeTargets& targets, Storage& storage, const Clock& clock, Logger& logger,
                          const std::function<std::string()>& why_stop) {
  std::size_t done = 0, failed = 0;
  for (const PurgeTarget* target : targets) {
    if (const std::string why = why_stop(); !why.empty()) {
      return failure("stopped " + why + "; " + std::to_string(targets.size() - done) + " of " +
                     std::to_string(targets.size()) + " targets were left alone");
    }
    if (!purge_one(*target, storage, clock.now() - kPurgeGrace, logger)) ++failed;
    ++done;
  }
  if (failed == 0) return {};
  return failure(std::to_string(failed) + " of " + std::to_string(targets.size()) +
                 " targets could not be purged; see above");
}

}  // namespace authplane::authserver::cli
