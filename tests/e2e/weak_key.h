#pragma once

#include <memory>
#include <string>

#include <authplane/json/json.h>
#include <authplane/testing/proof_builder.h>

namespace authplane::e2e {

// Keys that no proof may be signed with, made with OpenSSL because this project's own key classes refuse
// them.
enum class WeakKind { rsa_1024, p192 };
class WeakKey {
 public:
  explicit WeakKey(WeakKind kind);
  const std::string& thumbprint() const { return thumbprint_; }  // RFC 7638
  // That proof with this key in its header, and properly signed by it.
  std::string sign(testing::ProofBuilder proof) const;

 private:
  WeakKind kind_;
  std::shared_ptr<void> key_;  // EVP_PKEY
  OrderedJson jwk_;
  std::string thumbprint_;
};

}  // namespace authplane::e2e
