#pragma once

#include <string>

#include "authserver/http/oauth_error.h"

namespace authplane::authserver {

// Why a token request was turned down: what the caller reads, and a short constant word for metrics and audit
// rows.
struct Denial {
  OAuthError error;
  std::string reason;
};

}  // namespace authplane::authserver
