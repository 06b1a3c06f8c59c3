#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/base/url.h>
#include <authplane/client/network.h>

namespace authplane::net {

// The rules that need no network: scheme https (http when allowed), no userinfo. Errors: ssrf_blocked.
Result<void> check_url(const Url& url, const FetchSettings& settings);

// Resolves the host once and judges every address; one refused address refuses the host. The result is what
// the transport may connect to, in the resolver's order. Errors: ssrf_blocked; transport_error when the name
// does not resolve.
Result<std::vector<std::string>> checked_addresses(const Url& url, const FetchSettings& settings,
                                                   Resolver& resolver, std::chrono::milliseconds timeout);

}  // namespace authplane::net
