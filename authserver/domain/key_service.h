#pragma once

#include <string>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/signing_key_store.h"

namespace authplane::authserver {

struct KeyView {
  std::string kid;
  JwsAlgorithm algorithm;
  bool current;
};

// Lists and rotates signing keys. Thread-safe.
class KeyService {
 public:
  // The references outlive the service.
  KeyService(SigningKeyStore& store, AuditService& audit, const Clock& clock)
      : store_(store), audit_(audit), clock_(clock) {}

  std::vector<KeyView> list() const;  // the current key first
  // A new key signs at once; the one before stays published until its last token expired.
  // Errors: unavailable, internal.
  Outcome<KeyView> rotate(const Actor& actor);

 private:
  SigningKeyStore& store_;
  AuditService& audit_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
