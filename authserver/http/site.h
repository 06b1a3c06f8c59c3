#pragma once

#include <string>
#include <string_view>

#include <authplane/base/http.h>

namespace authplane::authserver {

// Where browsers know this server. Derived from the issuer, never from what a request says.
struct Site {
  std::string issuer;     // byte for byte
  std::string origin;     // "https://auth.example.com"
  std::string host;       // "auth.example.com", for people
  std::string base_path;  // of the issuer, without a slash at the end; "" for most

  // Errors: invalid_argument (no URL).
  static Result<Site> of(std::string_view issuer);
};

// Whether a browser says that another site made it send this POST. A second line of defence behind the form
// tokens: what a request does not say proves nothing.
bool is_sent_by_other_site(const Headers& headers, const Site& site);

}  // namespace authplane::authserver
