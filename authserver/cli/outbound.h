#pragma once

#include <memory>

#include <authplane/base/http.h>

#include "authserver/config/config.h"
#include "authserver/xaa/idp_keys.h"

// What is fetched from hosts that are learned at run time.

namespace authplane::authserver::cli {

// A deployment reaches public https hosts only; a localhost issuer may be configured to reach more. `clock`
// outlives the transport.
std::shared_ptr<HttpTransport> document_transport(const Config& config, const Clock& clock);

// null: cross-application access is off. The references outlive the object.
std::shared_ptr<IdpKeys> open_idp_keys(const Config& config, const Clock& clock, Logger& logger);

}  // namespace authplane::authserver::cli
