#include "authserver/federation/refusal.h"

namespace authplane::authserver {

std::string_view to_string(FederationRefusal::Reason reason) noexcept {
  using Reason = FederationRefusal::Reason;
  switch (reason) {
    case Reason::stale:
      return "stale";
    case Reason::provider_error:
      return "provider_error";
    case Reason::code_refused:
      return "code_exchange_failed";
    case Reason::invalid_id_token:
      return "invalid_id_token";
    case Reason::provider_failed:
      return "provider_failed";
    case Reason::user_disabled:
      return "user_disabled";
    case Reason::email_in_use:
      return "email_in_use";
    case Reason::issuer_changed:
      return "issuer_changed";
    case Reason::store_failed:
      break;
  }
  return "store_failed";
}

}  // namespace authplane::authserver
