#include "authserver/domain/spent_proof.h"

#include <algorithm>

#include <authplane/base/hash.h>

namespace authplane::authserver {

SpentProof SpentProof::of(std::string_view replay_key, std::chrono::sys_seconds now,
                          std::chrono::seconds lifetime) {
  SpentProof proof{.key = {}, .spent_at = now, .expires_at = now + 2 * lifetime};
  const Sha256Digest digest = sha256(replay_key);
  std::copy_n(digest.begin(), proof.key.size(), proof.key.begin());
  return proof;
}

}  // namespace authplane::authserver
