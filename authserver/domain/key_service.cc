#include "authserver/domain/key_service.h"

namespace authplane::authserver {

std::vector<KeyView> KeyService::list() const {
  const SigningKeySetPtr keys = store_.keys();
  std::vector<KeyView> views;
  for (const VerificationKey& key : keys->published) {
    views.push_back({.kid = key.kid, .algorithm = key.algorithm, .current = key.kid == keys->kid});
  }
  return views;
}

Outcome<KeyView> KeyService::rotate(const Actor& actor) {
  auto rotated = store_.rotate(clock_.now_seconds());
  if (!rotated) return Err(rotated.error());
  const SigningKeySet& keys = **rotated;
  audit_.record("key.rotated", actor, "", audit_detail({{"kid", keys.kid}}));
  return KeyView{.kid = keys.kid, .algorithm = keys.algorithm(), .current = true};
}

}  // namespace authplane::authserver
