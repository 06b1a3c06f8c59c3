#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include <authplane/base/clock.h>

#include "authserver/domain/broker_grant_store.h"
#include "authserver/domain/broker_provider_store.h"
#include "authserver/domain/errors.h"
#include "authserver/sealing/sealer.h"

namespace authplane::authserver {

struct Reencrypted {
  std::size_t grants = 0, providers = 0;  // encrypted anew
  std::size_t current = 0;                // had nothing to be done
  std::size_t unreadable = 0;             // neither key opens them; left as they are
};

// Encrypts with the current master key what the old one encrypted: credentials of connected accounts and
// secrets of providers. May run beside servers that know both keys: a row that they change meanwhile is
// looked at again. `unreadable` is told what could not be opened, in words for the operator. Not covered are
// users on their way to a provider, who take minutes. Errors: those of the stores; running it again goes on.
Outcome<Reencrypted> reencrypt_credentials(BrokerProviderStore& providers, BrokerGrantStore& grants,
                                           Sealer& sealer, const Clock& clock,
                                           const std::function<void(const std::string&)>& unreadable);

}  // namespace authplane::authserver
