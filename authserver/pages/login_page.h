#pragma once

#include <string>

namespace authplane::authserver {

// GET and POST /login.
struct LoginPage {
  std::string server;     // host this server is known under
  std::string base_path;  // of the issuer, without a slash at the end; "" for most
  std::string csrf_token;
  std::string redirect;     // where to go afterwards, a path of this server
  std::string email;        // as submitted, to be corrected; "" at first
  std::string problem;      // why the last attempt was refused; "" at first
  bool local_login = true;  // false: only the identity provider
  std::string provider;     // display name of the identity provider, "" when there is none
};

std::string render(const LoginPage& page);

}  // namespace authplane::authserver
