#pragma once

#include <string>
#include <vector>

#include <authplane/base/url.h>

#include "authserver/domain/client.h"

namespace authplane::authserver {

// GET /consent. All text may come from strangers; what is shown first is what they cannot choose: the host
// that receives the answer.
struct ConsentPage {
  struct Scope {
    std::string name;
    std::string description;  // "" when the catalogue has none
  };

  std::string server;     // host this server is known under
  std::string base_path;  // of the issuer, without a slash at the end; "" for most
  std::string user;       // whom the browser is signed in as
  std::string client_id;
  std::string client_name;  // "": only the id is shown
  RegistrationSource source = RegistrationSource::admin;
  std::string cimd_url;       // with RegistrationSource::cimd
  std::string resource_name;  // display name, else slug, else URI; "" when no resource was asked for
  std::string resource_slug;  // "" when there is none
  Url redirect_uri;           // has matched the registration
  std::vector<Scope> scopes;  // what was asked for, in the order of the catalogue
  std::string session_id;
  std::string csrf_token;
};

std::string render(const ConsentPage& page);

}  // namespace authplane::authserver
