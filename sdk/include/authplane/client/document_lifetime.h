#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>

namespace authplane {

// However short a server says: no header makes us fetch more often than this.
inline constexpr std::chrono::seconds kMinDocumentLifetime{30};

// How long a fetched document may be served: the smaller of `configured` and what the response says,
// Cache-Control before Expires (RFC 9111 section 5.2.2, 5.3). no-store, no-cache, max-age=0 and an Expires in
// the past mean kMinDocumentLifetime. `configured` itself may be shorter than that.
std::chrono::seconds document_lifetime(const Headers& headers, WallTime now, std::chrono::seconds configured);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7, preferred format only); nullopt for anything else.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace authplane
