#pragma once

#include <string>
#include <string_view>

#include <authplane/base/secret.h>

namespace authplane::authserver {

// What is stored for a client secret: "hmac-sha256$" and HMAC-SHA256(pepper, secret) in base64url. The
// secrets are 256 random bits made by this server, so a slow password hash would add cost and no safety.
std::string hash_client_secret(const SecretString& pepper, std::string_view secret);

// Whether `secret` is the one `stored` was made from, in constant time. A stored value of another form
// matches nothing and takes the same time.
bool client_secret_matches(const SecretString& pepper, std::string_view secret, std::string_view stored);

}  // namespace authplane::authserver
