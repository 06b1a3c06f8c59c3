#pragma once

#include <string>
#include <vector>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

// What an operator asked for and may not have, one line for each rule it breaks. The lines name no secret.
using BrokenRules = std::vector<std::string>;

// Errors: invalid_request, the first of them.
inline Outcome<void> refuse(const BrokenRules& rules) {
  if (rules.empty()) return {};
  return fail(DomainErrorCode::invalid_request, rules.front());
}

}  // namespace authplane::authserver
