#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/jose/key.h>

namespace authplane {

// An immutable JSON Web Key Set (RFC 7517 section 5). Every key is imported once, when the set is parsed.
class JwkSet {
 public:
  // A key that does not parse or is not supported is skipped, not fatal. One without kid, or with an empty
  // one, is found by find_all() only, and not counted.
  // Errors: protocol_error when the document is not an object with an array `keys`.
  static Result<JwkSet> parse(std::string_view text, std::size_t max_bytes = 64 * 1024);

  // The first key of that kid that may verify that algorithm: `use` absent or "sig"; `key_ops` absent or
  // containing "verify"; `alg` absent or equal; key type fits. nullptr when there is none. The pointer lives
  // as long as the set.
  const PublicKey* find(std::string_view kid, JwsAlgorithm algorithm) const;
  // The keys that may verify that algorithm and have that kid, at most two; for a token that names none (""),
  // all of them, also such as have no kid. The pointers live as long as the set.
  std::vector<const PublicKey*> find_all(std::string_view kid, JwsAlgorithm algorithm) const;
  bool has_kid(std::string_view kid) const;
  std::size_t size() const { return keys_.size(); }

 private:
  struct Entry {
    std::string kid;
    std::optional<std::string> alg;
    bool may_verify = true;
    PublicKey key;

    bool serves(JwsAlgorithm algorithm) const;
  };
  std::vector<Entry> keys_;
  std::vector<Entry> unnamed_;  // without kid
};

// A JWK for publication: public members, kid, use=sig, alg.
Json public_jwk(const PublicKey& key, std::string_view kid, JwsAlgorithm algorithm);

}  // namespace authplane
