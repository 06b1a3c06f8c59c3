#pragma once

#include <memory>

#include <authplane/client/network.h>

namespace authplane::authserver {

// The way to a provider. The operator named the host of the issuer, so that host may be anywhere; a host that
// only the provider's document names has to have public addresses. With a localhost issuer, for development,
// everything may be http, loopback and private. `timeout` is for each call. The result is thread-safe and
// follows no redirect.
std::shared_ptr<HttpTransport> make_provider_transport(const Url& issuer, bool development,
                                                       std::chrono::milliseconds timeout,
                                                       std::shared_ptr<HttpTransport> inner,
                                                       std::shared_ptr<net::Resolver> resolver,
                                                       std::shared_ptr<const Clock> clock);

}  // namespace authplane::authserver
