#include "authserver/admin/provider_sealing.h"

#include "authserver/sealing/owner.h"

namespace authplane::authserver {

SealProviderSecrets provider_sealing(Sealer* sealer) {
  if (sealer == nullptr) return {};
  return [sealer](std::string_view provider_id, std::string_view secrets) -> Outcome<SealedSecrets> {
    auto sealed = sealer->seal(secrets, provider_owner(provider_id));
    if (!sealed) return Err(sealed.error());
    return SealedSecrets{std::move(*sealed), std::string(sealer->driver())};
  };
}

}  // namespace authplane::authserver
