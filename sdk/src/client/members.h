#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/json/json.h>

// Members of metadata documents.

namespace authplane {

// nullopt when absent or null. Errors: metadata_fetch_error when it is no array of strings.
Result<std::optional<std::vector<std::string>>> string_list(const Json& document, std::string_view name);

// Only the JSON value true.
bool is_true(const Json& document, std::string_view name);

}  // namespace authplane
