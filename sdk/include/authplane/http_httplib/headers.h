#pragma once

#include <httplib.h>

#include <authplane/base/http.h>

namespace authplane {

// For requests sent with cpp-httplib's own client:
//   http.Get("/data", httplib_headers(client.dpop_headers("GET", url, token.access_token).value()));
inline ::httplib::Headers httplib_headers(const Headers& fields) {
  return ::httplib::Headers(fields.begin(), fields.end());
}

}  // namespace authplane
