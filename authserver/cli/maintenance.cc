#include "authserver/cli/maintenance.h"

namespace authplane::authserver::cli {
namespace {

// A request may wait that long between being judged and being written.
constexpr std::chrono::seconds kGrace{60};

}  // namespace

void tidy_up(Storage& storage, const Clock& clock, Logger& logger) {
  const auto proofs = storage.issuances().purge_spent_proofs(clock.now() - kGrace);
  if (!proofs) {
    logger.warn(
        "expired DPoP proofs not deleted",
        {{"cause", proofs.error().detail.empty() ? proofs.error().description : proofs.error().detail}});
  } else if (*proofs != 0) {
    logger.debug("expired DPoP proofs deleted", {{"count", *proofs}});
  }
}

}  // namespace authplane::authserver::cli
