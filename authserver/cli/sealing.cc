#include "authserver/cli/sealing.h"

#include "authserver/admin/provider_sealing.h"
#include "authserver/config/data_encryption.h"
#include "authserver/sealing/aes_sealer.h"

namespace authplane::authserver::cli {

CommandResult<std::unique_ptr<Sealer>> open_sealer(const LoadedConfig& loaded, const Context& context) {
  auto options = data_encryption(loaded.settings, context.environment);
  if (!options) return failure(describe(options.error()));
  if (options->driver.empty()) return std::unique_ptr<Sealer>();
  return make_aes_sealer(std::move(options->key), std::move(options->old_key), context.random);
}

SealProviderSecrets sealing_on_demand(const LoadedConfig& loaded, const Context& context) {
  if (loaded.config.data_encryption.driver.empty()) return {};
  return
      [&loaded, &context](std::string_view provider_id, std::string_view secrets) -> Outcome<SealedSecrets> {
        const auto sealer = open_sealer(loaded, context);
        if (!sealer) return fail(DomainErrorCode::invalid_request, sealer.error().message);
        return provider_sealing(sealer->get())(provider_id, secrets);
      };
}

}  // namespace authplane::authserver::cli
