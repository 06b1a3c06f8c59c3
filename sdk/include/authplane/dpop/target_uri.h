#pragma once

#include <string>
#include <string_view>

#include <authplane/base/result.h>
#include <authplane/base/url.h>

namespace authplane::dpop {

// The form in which `htu` values are compared (RFC 9449 section 4.3, check 9; RFC 3986 sections 6.2.2 and
// 6.2.3): scheme and host in lower case, default port dropped, empty path "/", percent triplets in upper case
// and decoded where they stand for unreserved characters, query and fragment dropped. Nothing else: "%2F" is
// not "/", a trailing slash counts, dot segments are not folded.

// Of an `htu` that came with a proof. Errors: invalid_argument: no absolute http(s) URL with a host, or with
// userinfo.
Result<std::string> normalize_htu(std::string_view htu);

// Of a URL this program is about to call, as `htu` of its own proof: userinfo is left out.
std::string htu_of(const Url& url);

// Of a request as a server received it: `origin` is Url::origin() of the configured public URL, never of the
// Host field; `raw_path` is the undecoded path of the request target.
std::string htu_of(std::string_view origin, std::string_view raw_path);

}  // namespace authplane::dpop
