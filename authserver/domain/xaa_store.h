#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/hash.h>

#include "authserver/domain/errors.h"
#include "authserver/domain/xaa.h"

namespace authplane::authserver {

// Trusted identity providers, what is granted for their assertions, and the assertions used up. Thread-safe;
// each verb is one transaction and durable when it returns. Every verb may also fail with unavailable or
// internal.
class XaaStore {
 public:
  virtual ~XaaStore() = default;

  // Errors: conflict (issuer or id is taken).
  virtual Outcome<void> insert_idp(const TrustedIdp& idp) = 0;
  // nullopt when there is none.
  virtual Outcome<std::optional<TrustedIdp>> find_idp(std::string_view id) = 0;
  virtual Outcome<std::optional<TrustedIdp>> find_idp_by_issuer(std::string_view issuer) = 0;
  // Oldest first.
  virtual Outcome<std::vector<TrustedIdp>> list_idps() = 0;
  // Replaces name, enabled and updated_at. Errors: not_found.
  virtual Outcome<TrustedIdp> update_idp(const TrustedIdp& changed) = 0;
  // Its policies and subject mappings go too. Errors: not_found.
  virtual Outcome<void> remove_idp(std::string_view id) = 0;

  // Errors: conflict (the id exists), invalid_request (no such provider).
  virtual Outcome<void> insert_policy(const XaaPolicy& policy) = 0;
  virtual Outcome<std::optional<XaaPolicy>> find_policy(std::string_view id) = 0;
  // Oldest first; of one provider or of all.
  virtual Outcome<std::vector<XaaPolicy>> list_policies(const std::optional<std::string>& idp_id) = 0;
  // Replaces everything but id, idp_id and created_at. Errors: not_found.
  virtual Outcome<XaaPolicy> update_policy(const XaaPolicy& changed) = 0;
  // Errors: not_found.
  virtual Outcome<void> remove_policy(std::string_view id) = 0;

  // Errors: conflict (the id exists, or the subject is mapped already), invalid_request (no such provider or
  // user).
  virtual Outcome<void> insert_mapping(const SubjectMapping& mapping) = 0;
  virtual Outcome<std::optional<SubjectMapping>> find_mapping(std::string_view idp_id,
                                                              std::string_view idp_subject) = 0;
  // Oldest first; of one provider or of all. A mapping outlives its user, so that nobody takes the place.
  virtual Outcome<std::vector<SubjectMapping>> list_mappings(const std::optional<std::string>& idp_id) = 0;
  // Errors: not_found.
  virtual Outcome<void> remove_mapping(std::string_view id) = 0;

  // Marks an assertion as used: of all that ever come with one key, exactly one is told true. `key` is a hash
  // of what makes an assertion the same assertion; it is remembered until `expires_at`.
  virtual Outcome<bool> spend_assertion(const Sha256Digest& key, WallTime expires_at) = 0;
  // Deletes expired marks, in small transactions. Answers how many.
  virtual Outcome<std::size_t> purge_spent_assertions(WallTime now) = 0;
};

}  // namespace authplane::authserver
