#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/base/url.h>
#include <authplane/jose/jwks.h>

namespace authplane::authserver {

// What is wrong with the document at `url`, in one line.
Unexpected<Error> document_error(const Url& url, ErrorCode code, const std::string& cause);

// One GET that has to be answered with status 200. `transport` refuses addresses that must not be reached
// (net::make_guarded_transport). Errors: `failure`, naming URL and cause.
Result<HttpResponse> fetch_document(HttpTransport& transport, const Url& url, std::size_t max_bytes,
                                    ErrorCode failure);

struct FetchedKeys {
  JwkSet keys;
  std::chrono::seconds lifetime;  // how long they may be used without asking again
};
// The key set at `url`, kept for `max_lifetime` at most. Errors: jwks_unavailable, naming URL and cause.
Result<FetchedKeys> fetch_key_set(HttpTransport& transport, const Url& url, std::chrono::seconds max_lifetime,
                                  const Clock& clock);

}  // namespace authplane::authserver
