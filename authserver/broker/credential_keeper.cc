#include "authserver/broker/credential_keeper.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "authserver/sealing/owner.h"

namespace authplane::authserver {
namespace {

Unexpected<DomainError> no_sealer() {
  return fail(DomainErrorCode::internal, "credentials of upstream providers cannot be read",
              "data_encryption.driver is not set");
}

}  // namespace

Outcome<std::string> CredentialKeeper::seal(const SecretString& refresh_token, std::string_view user_id,
                                            std::string_view provider_id) const {
  if (sealer_ == nullptr) return no_sealer();
  return sealer_->seal(refresh_token.expose(), grant_owner(user_id, provider_id));
}

Outcome<Credential> CredentialKeeper::open(BrokerGrant grant) {
  if (sealer_ == nullptr) return no_sealer();
  auto opened = sealer_->open(grant.credential, grant_owner(grant.user_id, grant.provider_id));
  if (!opened) return Err(std::move(opened).error());
  Credential credential{.grant = std::move(grant),
                        .stored = opened->text.clone(),
                        .refresh_token = std::move(opened->text),
                        .needs_saving = opened->is_outdated};
  const MutexLock lock(mutex_);
  const auto unsaved = unsaved_.find(credential.grant.id);
  if (unsaved == unsaved_.end()) return credential;
  if (unsaved->second.stored == credential.stored) {
    credential.refresh_token = unsaved->second.refresh_token.clone();
    credential.needs_saving = true;
  } else {
    unsaved_.erase(unsaved);
  }
  return credential;
}

Outcome<std::optional<Credential>> CredentialKeeper::newer_than(const Credential& refused) {
  for (int attempt = 0; attempt < patience_.tries; ++attempt) {
    auto grant = grants_.get(refused.grant.id);
    if (grant && !grant->is_active()) break;
    if (!grant && grant.error().code == DomainErrorCode::not_found) break;
    if (grant && grant->version != refused.grant.version) {
      auto credential = open(std::move(*grant));
      if (!credential) return Err(std::move(credential).error());
      if (!(credential->refresh_token == refused.refresh_token)) return std::optional(std::move(*credential));
    }
    pause(attempt);
  }
  return std::optional<Credential>();
}

CredentialKeeper::Kept CredentialKeeper::keep(const Credential& used, const SecretString& refresh_token) {
  std::int64_t version = used.grant.version;
  std::string cause = "the row keeps changing";
  for (int attempt = 0; attempt < patience_.tries; ++attempt) {
    const auto sealed = seal(refresh_token, used.grant.user_id, used.grant.provider_id);
    if (!sealed) {
      cause = sealed.error().detail;
      break;
    }
    const auto stored =
        grants_.replace_credential(used.grant.id, version, *sealed, sealer_->driver(), clock_.now());
    if (stored) return forget(used.grant.id), Kept::yes;
    cause = stored.error().description + " " + stored.error().detail;
    const DomainErrorCode code = stored.error().code;
    const bool may_have_moved = code == DomainErrorCode::conflict || code == DomainErrorCode::not_found;
    const Row row = may_have_moved ? look_at(used, version) : Row::unknown;
    if (row == Row::replaced) return forget(used.grant.id), Kept::yes;
    if (row == Row::revoked) return forget(used.grant.id), Kept::revoked;
    if (row == Row::unknown) pause(attempt);
  }
  remember(used, refresh_token);
  logger_.error(
      "a renewed credential of a connected account could not be stored; it is in memory only and will be "
      "stored with its next use",
      {{"grant", used.grant.id}, {"cause", cause}});
  return Kept::in_memory;
}

// What became of the row meanwhile. The same credential under another version was only encrypted anew.
CredentialKeeper::Row CredentialKeeper::look_at(const Credential& used, std::int64_t& version) {
  const auto grant = grants_.get(used.grant.id);
  if (!grant) return grant.error().code == DomainErrorCode::not_found ? Row::revoked : Row::unknown;
  if (!grant->is_active()) return Row::revoked;
  const auto opened = sealer_->open(grant->credential, grant_owner(grant->user_id, grant->provider_id));
  if (!opened || !(opened->text == used.stored)) return Row::replaced;
  version = grant->version;
  return Row::same;
}

void CredentialKeeper::pause(int attempt) const {
  std::chrono::milliseconds wait = patience_.first_pause;
  for (int i = 0; i < attempt && wait < kLongestPause; ++i) wait *= 2;
  std::this_thread::sleep_for(std::min(wait, kLongestPause));
}

void CredentialKeeper::forget(const std::string& grant_id) {
  const MutexLock lock(mutex_);
  unsaved_.erase(grant_id);
}

void CredentialKeeper::remember(const Credential& used, const SecretString& refresh_token) {
  const MutexLock lock(mutex_);
  unsaved_.insert_or_assign(used.grant.id, Unsaved{used.stored.clone(), refresh_token.clone()});
}

}  // namespace authplane::authserver
