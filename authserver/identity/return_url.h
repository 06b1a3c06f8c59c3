#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace authplane::authserver {

// Whether a browser may be sent to `url` after it connected an account: `allowed` has it byte for byte, or
// has one of the four patterns "http://localhost:*", "https://localhost:*", "http://127.0.0.1:*" and
// "https://127.0.0.1:*". A pattern stands for any port, which has to be there, and any path without dot
// segments; no query, fragment or userinfo. Anything that is no absolute URL of at most 2048 bytes is
// refused, listed or not.
bool is_allowed_return_url(std::string_view url, const std::vector<std::string>& allowed);

// Whether an entry of such a list can allow anything: a pattern, or a URL.
bool is_return_url_entry(std::string_view entry);

}  // namespace authplane::authserver
