#pragma once

#include "authserver/domain/broker_provider_service.h"
#include "authserver/sealing/sealer.h"

namespace authplane::authserver {

// Null: data encryption is off. The sealer outlives the function.
SealProviderSecrets provider_sealing(Sealer* sealer);

}  // namespace authplane::authserver
