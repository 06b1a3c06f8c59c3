#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/url.h>

namespace authplane::authserver {

// Rules for redirect_uri (RFC 6749 section 3.1.2, RFC 8252 section 7.3, RFC 9700 section 4.1). All pure.

// Exactly "localhost", "127.0.0.1" or "::1". Other spellings and addresses of the machine are not.
bool is_loopback_host(const Url& url);

// Whether a client may register `text`: a URL with https, or http on a loopback host; no userinfo, fragment
// or dot segment; at most 2048 bytes. Errors: invalid_argument, naming the rule.
Result<Url> check_redirect_uri(std::string_view text);

// Whether `requested` stands for `registered`: the same bytes, or both http on the same loopback host and the
// same bytes but for the port, which a native application cannot know in advance and spells without zeros in
// front. The three loopback hosts
// are three different ones. A URI that must not be registered matches nothing, whatever a stored row says.
bool redirect_uri_matches(std::string_view registered, std::string_view requested);
bool redirect_uri_matches_any(const std::vector<std::string>& registered, std::string_view requested);

}  // namespace authplane::authserver
