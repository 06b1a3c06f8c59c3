#pragma once

#include <nlohmann/json.hpp>

#include <authplane/jose/key.h>

// RFC 7515, appendix A.3.
inline const authplane::PrivateKey& signing_key() {
  static const authplane::PrivateKey key =
      authplane::PrivateKey::from_jwk({{"kty", "EC"},
                                       {"crv", "P-256"},
                                       {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
                                       {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
                                       {"d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}})
          .value();
  return key;
}
