#pragma once

#include <string>

namespace authplane::authserver {

// Where a login ends that led nowhere in particular.
struct SignedInPage {
  std::string server;     // host this server is known under
  std::string base_path;  // of the issuer, without a slash at the end; "" for most
  std::string user;       // whom the browser is signed in as
};

std::string render(const SignedInPage& page);

}  // namespace authplane::authserver
