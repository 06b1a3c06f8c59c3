#pragma once

#include <functional>

#include <authplane/base/http.h>

namespace authplane::authserver {

// Takes the one response of a request; called exactly once, from any thread. Copyable, cheap.
using Respond = std::function<void(HttpResponse)>;

// Like HttpHandler, but the answer may come after the call returned, so that waiting for a commit holds no
// thread. The request stays valid until `respond` was called. Must not throw.
using DeferredHandler = std::function<void(const HttpRequest&, Respond)>;

// A handler that waits for the answer in the calling thread.
HttpHandler blocking(DeferredHandler handler);

}  // namespace authplane::authserver
