#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/xaa_store.h"
#include "authserver/xaa/idp_keys.h"

namespace authplane::authserver {

struct IdpRegistration {
  std::string name;      // not blank, at most 255 bytes
  std::string issuer;    // an absolute https URL, kept byte for byte
  std::string jwks_uri;  // "" = where the issuer's metadata says
  std::string audience;  // "" = the issuer of this server
};

// Absent = unchanged.
struct IdpChanges {
  std::optional<std::string> name;
  std::optional<bool> enabled;
};

// Registers and manages trusted identity providers, and writes an audit row for each change. Thread-safe.
// Errors beside those named: not_found for an unknown id, invalid_request for a broken rule, and unavailable
// and internal from the store.
class TrustedIdpService {
 public:
  struct Deps {
    XaaStore& store;
    IdpKeys& keys;
    AuditService& audit;
    IdGenerator& ids;
    const Clock& clock;
    Metrics& metrics;
  };
  // The references outlive the service.
  TrustedIdpService(std::string own_issuer, Deps deps) : own_issuer_(std::move(own_issuer)), deps_(deps) {}

  // May ask the issuer for its metadata, waiting. Errors: conflict (issuer in use), invalid_request also when
  // the issuer cannot be asked.
  Outcome<TrustedIdp> create(const IdpRegistration& registration, const Actor& actor);
  Outcome<TrustedIdp> get(std::string_view id) const;
  Outcome<std::vector<TrustedIdp>> list() const { return deps_.store.list_idps(); }
  // No changes: nothing is written.
  Outcome<TrustedIdp> update(std::string_view id, const IdpChanges& changes, const Actor& actor);
  // Its policies and subject mappings go too.
  Outcome<void> remove(std::string_view id, const Actor& actor);
  // Forgets its keys and fetches them now, waiting. Errors: invalid_request when they cannot be had.
  Outcome<void> refresh_keys(std::string_view id, const Actor& actor);

 private:
  Outcome<void> check_url(std::string_view member, const std::string& url) const;
  void changed(const char* op, const char* action, const Actor& actor, std::string detail);

  const std::string own_issuer_;
  const Deps deps_;
};

}  // namespace authplane::authserver
