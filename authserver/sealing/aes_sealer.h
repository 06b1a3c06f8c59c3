#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include <authplane/base/random.h>
#include <authplane/base/secret.h>

#include "authserver/sealing/sealer.h"

namespace authplane::authserver {

inline constexpr std::size_t kMasterKeyBytes = 32;
inline constexpr std::string_view kAesDriver = "aes_master";

// AES-256-GCM under a key of its own for every owner, derived from a master key by HKDF-SHA256 (RFC 5869):
//   0x02 | nonce, 12 bytes | ciphertext | tag, 16 bytes
// with the owner as `info` and as additional data. 0x01, the same without salt and additional data, is opened
// too. `old_key` only opens; empty: there is none. Requires keys of kMasterKeyBytes bytes. `random` outlives
// the sealer.
std::unique_ptr<Sealer> make_aes_sealer(SecretString key, SecretString old_key, Random& random);

}  // namespace authplane::authserver
