#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/http.h>

#include "authserver/http/cors.h"

namespace authplane::authserver {

// What a listener answers before the public API sees a request, such as one that is too large, in the form of
// the API's own answers: the members of its errors, its security headers, and the CORS fields where path and
// origin are known. Thread-safe.
class ListenerAnswers {
 public:
  struct Options {
    bool strict_transport_security = false;    // the issuer is https
    std::vector<std::string> allowed_origins;  // CORS; empty: none
  };
  explicit ListenerAnswers(Options options);

  // `error` is a wire value of oauth_error_table(). `request` is what was understood of the request.
  HttpResponse write(const HttpRequest& request, int status, std::string_view error,
                     std::string_view description) const;

 private:
  bool strict_transport_security_;
  Cors cors_;
};

}  // namespace authplane::authserver
