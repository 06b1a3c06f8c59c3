#pragma once

#include <string>
#include <vector>

namespace authplane::authserver {

// Shown to a user whose application has to ask for consent, again or for more. Only the application can start
// that, since the answer goes to it.
struct ReconsentPage {
  struct Scope {
    std::string name;
    std::string description;  // "" when there is none
  };
  std::string server;     // host this server is known under
  std::string base_path;  // of the issuer, without a slash at the end; "" for most
  std::string user;       // whom the browser is signed in as
  std::string resource_name;
  std::string resource_slug;
  std::vector<Scope> scopes;  // may be empty
};

std::string render(const ReconsentPage& page);

}  // namespace authplane::authserver
