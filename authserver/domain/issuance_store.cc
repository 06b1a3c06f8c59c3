#include "authserver/domain/issuance_store.h"

#include <utility>

namespace authplane::authserver {

IssuanceAppend::~IssuanceAppend() {
  if (state_.load(std::memory_order_relaxed) == kStarted) wait();
}

const Outcome<void>& IssuanceAppend::wait() {
  for (int seen = state_.load(std::memory_order_acquire); seen != kDone;
       seen = state_.load(std::memory_order_acquire)) {
    state_.wait(seen, std::memory_order_acquire);
  }
  return outcome_;
}

void IssuanceAppend::complete(Outcome<void> outcome) {
  outcome_ = std::move(outcome);
  // From the store on, the owner may destroy the object. notify_one() then wakes by address only; it reads
  // nothing.
  std::atomic<int>& state = state_;
  state.store(kDone, std::memory_order_release);
  state.notify_one();
}

Outcome<void> IssuanceStore::append(Issuance row, AuditEvent audit, std::optional<SpentProof> proof) {
  return append(NewIssuance{std::move(row), std::move(audit), std::move(proof)});
}

Outcome<void> IssuanceStore::append(NewIssuance issuance) {
  IssuanceAppend pending(std::move(issuance));
  start(pending);
  return pending.wait();
}

}  // namespace authplane::authserver
