#include "authserver/storage/sqlite/spent_proofs.h"

#include <algorithm>

#include "authserver/storage/sqlite/columns.h"

namespace authplane::authserver::sqlite {
namespace {

// A request may wait some time between being judged and being written.
constexpr std::chrono::seconds kGrace{60};
constexpr int kDropsPerInsert = 2;

std::string_view view(const SpentProof::Key& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

bool SpentProofs::contains(const SpentProof& proof) {
  if (!caught_up_) catch_up(proof.spent_at);
  const auto found = expiries_.find(proof.key);
  return found != expiries_.end() && found->second >= proof.spent_at;
}

void SpentProofs::insert(const SpentProof& proof) {
  drop_expired(proof.spent_at);
  connection_.query("INSERT INTO spent_proofs (n, key, expires_at) VALUES (?1, ?2, ?3)")
      .with(newest_ + 1, Blob{view(proof.key)}, to_seconds(proof.expires_at))
      .run();
  ++newest_;
  remember(proof.key, proof.expires_at);
}

void SpentProofs::forget() {
  caught_up_ = false;
  newest_ = 0;
  expiries_.clear();
  by_age_.clear();
}

void SpentProofs::catch_up(std::chrono::sys_seconds now) {
  Query rows = connection_.query("SELECT n, key, expires_at FROM spent_proofs WHERE n > ?1 ORDER BY n");
  rows.with(newest_);
  while (rows.step()) {
    newest_ = rows.integer(0);
    const std::string_view bytes = rows.bytes(1);
    SpentProof::Key key{};
    if (bytes.size() != key.size()) throw_unreadable("spent_proofs.key");
    std::copy(bytes.begin(), bytes.end(), key.begin());
    const auto expires_at = from_seconds(rows.integer(2));
    if (expires_at >= now - kGrace) remember(key, expires_at);
  }
  caught_up_ = true;
}

void SpentProofs::remember(const SpentProof::Key& key, std::chrono::sys_seconds expires_at) {
  expiries_.insert_or_assign(key, expires_at);
  by_age_.push_back({key, expires_at});
}

void SpentProofs::drop_expired(std::chrono::sys_seconds now) {
  for (int i = 0; i < kDropsPerInsert && !by_age_.empty() && by_age_.front().at < now - kGrace; ++i) {
    const auto found = expiries_.find(by_age_.front().key);
    // A key that came again after its expiry has a later entry.
    if (found != expiries_.end() && found->second == by_age_.front().at) expiries_.erase(found);
    by_age_.pop_front();
  }
}

}  // namespace authplane::authserver::sqlite
