#pragma once

#include <chrono>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>

#include "authserver/domain/storage.h"

namespace authplane::authserver::cli {

inline constexpr std::chrono::minutes kMaintenanceInterval{1};
// How long rows are kept past their time: a request may wait that long between being judged and being
// written.
inline constexpr std::chrono::seconds kPurgeGrace{60};

// Deletes what a running server piles up and nobody can need any more: proofs of possession and assertions
// that cannot come again, authorization requests whose code was never redeemed, connect requests that nobody
// came back from, refresh tokens past their time. A redeemed
// code stays known, so that its replay is recognised. Works in small transactions, so issuing goes on
// meanwhile. A failure is logged; the next run tries again.
void tidy_up(Storage& storage, const Clock& clock, Logger& logger);

}  // namespace authplane::authserver::cli
