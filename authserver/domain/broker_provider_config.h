#pragma once

#include <string_view>
#include <vector>

#include "authserver/domain/errors.h"
#include "authserver/domain/json_members.h"

// What an operator sends as config_data of an upstream provider. Pure.

namespace authplane::authserver {

// Whether a member of this name holds a secret. Case, '-' and '_' make no difference: client_secret, apiKey
// and REFRESH-TOKEN do, token_url and client_secret_ref do not.
bool is_secret_name(std::string_view name);

// The views point into the text.
struct ProviderConfigParts {
  std::vector<RawMember> plain, secrets;  // of the secrets, those that are not empty
  bool speaks_of_secrets = false;         // has a member for a secret, maybe an empty one, or the name of one
};

// `config` is at most 1 MiB. Errors: invalid_request when it is no JSON object, holds a secret below the top
// level or in a URL, where it could not be hidden, or both a client secret and the name of a variable with
// one.
Outcome<ProviderConfigParts> take_apart(std::string_view config);

// Whether a client secret that went to the endpoints of `before` would go to another origin with `after`.
// Both are JSON objects.
bool sends_secret_elsewhere(std::string_view before, std::string_view after);

}  // namespace authplane::authserver
