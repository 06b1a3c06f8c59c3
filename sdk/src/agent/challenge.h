#pragma once

#include <string>

#include <authplane/base/http.h>

namespace authplane::agent {

// What the challenges of a 401 or 403 say (RFC 6750 section 3, RFC 9728 section 5.1); "" when absent.
struct TokenChallenge {
  std::string error;
  std::string scope;
  std::string resource_metadata;
};

// Of the Bearer and DPoP challenges in all WWW-Authenticate fields; the first that has a parameter decides
// it.
TokenChallenge read_challenge(const Headers& headers);

}  // namespace authplane::agent
