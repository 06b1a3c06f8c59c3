#include "authserver/cli/maintenance.h"

#include <string>

#include "authserver/domain/registration_service.h"

namespace authplane::authserver::cli {
namespace {

void report(const Outcome<std::size_t>& deleted, const std::string& what, Logger& logger) {
  if (!deleted) {
    const DomainError& error = deleted.error();
    logger.warn(what + " not deleted", {{"cause", error.detail.empty() ? error.description : error.detail}});
  } else if (*deleted != 0) {
    logger.debug(what + " deleted", {{"count", *deleted}});
  }
}

}  // namespace

void tidy_up(Storage& storage, const Clock& clock, Logger& logger) {
  const WallTime before = clock.now() - kPurgeGrace;
  report(storage.issuances().purge_spent_proofs(before), "expired DPoP proofs", logger);
  report(storage.authorizations().purge_expired(before, PurgeAuthorizations::unredeemed),
         "expired authorization requests", logger);
  report(storage.xaa().purge_spent_assertions(before), "expired assertions", logger);
  report(storage.broker_grants().purge_pending(before), "expired connect requests", logger);
  report(purge_unused_clients(storage.clients(), clock.now()), "unused clients", logger);
  report(storage.families().purge_expired(before), "expired refresh tokens", logger);
}

}  // namespace authplane::authserver::cli
