#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/dpop/nonce.h>
#include <authplane/dpop/proof.h>
#include <authplane/dpop/replay_store.h>
#include <authplane/jose/algorithm.h>

namespace authplane::dpop {

// How a resource server checks proofs of possession (RFC 9449 section 7). Replay detection cannot be switched
// off.
struct Inbound {
  // True: only bound tokens with a proof. False: bearer tokens too, but a bound token never without its
  // proof.
  bool required = false;
  // True: a bound token must come under the scheme DPoP (RFC 9449 section 7.2). False: Bearer next to a good
  // proof will do too, which is all that many MCP clients can send.
  bool require_scheme = false;
  std::vector<JwsAlgorithm> allowed_algorithms = default_algorithms();
  std::chrono::seconds max_proof_age{300};  // 1 s to 24 h
  std::chrono::seconds clock_skew{30};      // 0 to 300 s
  // Where spent proofs are kept: `replay_store`, else the file of that name (FileReplayStore), else this
  // process's memory. With several processes, or so that a restart forgets nothing, name a file or bring a
  // store.
  std::string replay_file{};
  std::shared_ptr<ReplayStore> replay_store{};
  // Demands nonces; unset: none. make_nonce_policy() makes one.
  std::shared_ptr<const NoncePolicy> nonce_policy{};
  // For a proxy that rewrites paths: from the raw path as received to the path clients see. Unset: the same.
  std::function<std::string(std::string_view raw_path)> public_path{};
};

}  // namespace authplane::dpop
