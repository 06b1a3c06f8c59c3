#pragma once

#include <string>
#include <string_view>

#include <authplane/base/result.h>

namespace authplane::authserver {

// Why a sign-in at the provider came to nothing. `cause` is one line for the operator's log, without code,
// token or secret, and is never shown to who signs in.
struct FederationRefusal {
  enum class Reason {
    stale,             // not started in this browser, too long ago, or used already
    provider_error,    // the provider sent the browser back with an error
    code_refused,      // the provider does not know the code
    invalid_id_token,  // what the provider says about the user cannot be believed
    provider_failed,   // not reachable, or it and this server do not fit together
    user_disabled,
    email_in_use,    // a first sign-in with an address that another account has
    issuer_changed,  // the accounts here are those of another provider
    store_failed,
  };
  Reason reason;
  std::string cause;
  std::string user_id{};  // whose account it would have been, "" when unknown
};

// The word in audit rows: "stale", "code_exchange_failed", ... Static storage.
std::string_view to_string(FederationRefusal::Reason reason) noexcept;

template <class T>
using FederationResult = Result<T, FederationRefusal>;

inline Unexpected<FederationRefusal> refuse(FederationRefusal::Reason reason, std::string cause) {
  return {FederationRefusal{reason, std::move(cause)}};
}

}  // namespace authplane::authserver
