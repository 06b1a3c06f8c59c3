#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace authplane::authserver {

// An https URL, or an http one too, without userinfo and fragment.
bool is_plain_url(std::string_view text, bool http_too);

// The entries without white space at their ends, which lists from the environment keep.
std::vector<std::string> trimmed(const std::vector<std::string>& entries);

}  // namespace authplane::authserver
