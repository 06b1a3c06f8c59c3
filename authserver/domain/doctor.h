#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/resource_catalog.h"
#include "authserver/domain/signing_key_store.h"

namespace authplane::authserver {

enum class Verdict { ok, failed, skipped };

// One check on the way from a token to an accepted call. `fix` says what to change, "" when nothing has to
// be. No member ever holds the token or a part of its signature; values out of the token are cut and made
// printable.
struct DoctorStep {
  std::string check;
  Verdict verdict = Verdict::ok;
  std::string expected;
  std::string seen;
  std::string fix;
};

struct DoctorQuestion {
  std::string_view token;     // compact JWS as the client sends it
  std::string_view resource;  // URI the resource server expects as audience
  std::string_view issuer;    // as this server is configured
  std::chrono::sys_seconds now{};
};

// Explains what a resource server would say to a token, check by check in the order verifiers use. A check
// that cannot be made because an earlier one failed is `skipped`. Pure.
std::vector<DoctorStep> explain_token(const DoctorQuestion& question, const SigningKeySet& keys,
                                      const ResourceCatalog& catalog);

}  // namespace authplane::authserver
