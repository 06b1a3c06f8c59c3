#pragma once

#include <memory>

#include "authserver/cli/context.h"
#include "authserver/cli/outcome.h"
#include "authserver/config/load.h"
#include "authserver/domain/broker_provider_service.h"
#include "authserver/sealing/sealer.h"

namespace authplane::authserver::cli {

// What seals stored credentials, for a command, which has to read the keys itself; null: data encryption is
// off. Fails when the keys are not there. The context's random outlives it.
CommandResult<std::unique_ptr<Sealer>> open_sealer(const LoadedConfig& loaded, const Context& context);

// Reads the keys when there is a secret to seal, not before: most commands need none. An empty function: data
// encryption is off. What is passed in outlives the function.
SealProviderSecrets sealing_on_demand(const LoadedConfig& loaded, const Context& context);

}  // namespace authplane::authserver::cli
