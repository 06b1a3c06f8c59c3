#pragma once

#include <string>
#include <vector>

namespace authplane::authserver {

// The accounts at upstream providers that a user has connected.
struct ConnectionsPage {
  struct Connection {
    std::string provider_name;
    std::string provider_slug;
    std::vector<std::string> scopes;  // the provider's names
    std::string connected_on;         // a date
  };
  std::string server;     // host this server is known under
  std::string base_path;  // of the issuer, without a slash at the end; "" for most
  std::string user;       // whom the browser is signed in as
  std::string csrf_token;
  std::vector<Connection> connections;
};

std::string render(const ConnectionsPage& page);

}  // namespace authplane::authserver
