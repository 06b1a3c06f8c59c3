#pragma once

#include <string>
#include <string_view>

#include "authserver/domain/exchange_refusal.h"

namespace authplane::authserver {

// The page where a user can allow what is missing, for `consent_url`:
//   <issuer>/authorize?resource=<slug>[&scope=<missing>]
//   <issuer>/connect/<provider>?resource=<slug>&return_url=<issuer>/connections
std::string consent_url(std::string_view issuer, const MissingConsent& missing);

}  // namespace authplane::authserver
