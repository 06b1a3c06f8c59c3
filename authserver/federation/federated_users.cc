#include "authserver/federation/federated_users.h"

namespace authplane::authserver {
namespace {

using Reason = FederationRefusal::Reason;

Unexpected<FederationRefusal> store_failed(const DomainError& error) {
  return refuse(Reason::store_failed, "the users cannot be read or written: " +
                                          (error.detail.empty() ? error.description : error.detail));
}

}  // namespace

FederationResult<FederatedUsers::SignedInUser> FederatedUsers::find_or_create(
    const UpstreamIdentity& identity) {
  if (const auto checked = check_issuer(identity.issuer); !checked) return Err(checked.error());
  const auto found = deps_.users.find_by_provider(kOpenIdProvider, identity.subject);
  if (!found) return store_failed(found.error());
  if (*found) return known(**found, identity);
  return create(identity);
}

FederationResult<void> FederatedUsers::check_issuer(const std::string& issuer) {
  const auto owner = deps_.settings.get(kOpenIdIssuerSetting);
  if (!owner) return store_failed(owner.error());
  if (*owner && **owner == issuer) return {};
  if (*owner) {
    return refuse(Reason::issuer_changed,
                  "the accounts here are those of " + **owner + ", and oidc.issuer is " + issuer +
                      " now: set it back, or if both have the same subjects run 'authserver admin user "
                      "accept-issuer --issuer " +
                      issuer + "'");
  }
  const auto stored = deps_.settings.set(kOpenIdIssuerSetting, issuer, deps_.clock.now());
  if (!stored) return store_failed(stored.error());
  return {};
}

FederationResult<FederatedUsers::SignedInUser> FederatedUsers::known(const User& user,
                                                                     const UpstreamIdentity& identity) {
  if (!user.is_active())
    return Err(FederationRefusal{Reason::user_disabled, "user " + user.id + " is disabled", user.id});
  return SignedInUser{refreshed(user, identity), false};
}

FederationResult<FederatedUsers::SignedInUser> FederatedUsers::create(const UpstreamIdentity& identity) {
  const auto holder = deps_.users.find_by_email(identity.email);
  if (!holder) return store_failed(holder.error());
  const auto in_use = [](const std::string& by) {
    return refuse(Reason::email_in_use, "the address the provider gives belongs to " + by);
  };
  if (*holder) {
    // Of two first sign-ins at once, the other was faster.
    const bool is_same =
        (*holder)->provider == kOpenIdProvider && (*holder)->provider_sub == identity.subject;
    return is_same ? known(**holder, identity) : in_use("user " + (*holder)->id);
  }
  User user;
  user.id = deps_.ids.opaque();
  user.email = identity.email;
  user.name = identity.name;
  user.provider = kOpenIdProvider;
  user.provider_sub = identity.subject;
  user.created_at = user.updated_at = deps_.clock.now();
  const auto inserted = deps_.users.insert(user);
  if (inserted) return SignedInUser{std::move(user), true};
  if (inserted.error().code != DomainErrorCode::conflict) return store_failed(inserted.error());
  // As above; else somebody has just taken the address.
  const auto found = deps_.users.find_by_provider(kOpenIdProvider, identity.subject);
  if (!found) return store_failed(found.error());
  if (!*found) return in_use("another user");
  return known(**found, identity);
}

// What cannot be brought up to date is no reason to keep somebody out.
User FederatedUsers::refreshed(const User& user, const UpstreamIdentity& identity) {
  User changed = user;
  if (!identity.name.empty()) changed.name = identity.name;
  if (!identity.email.empty() && identity.email != user.email) {
    const auto holder = deps_.users.find_by_email(identity.email);
    if (holder && !*holder) {
      changed.email = identity.email;
    } else {
      deps_.logger.warn("address of a federated user not updated: another account has it",
                        {{"user_id", user.id}});
    }
  }
  if (changed == user) return user;
  changed.updated_at = deps_.clock.now();
  auto stored = deps_.users.update(changed);
  if (stored) return std::move(*stored);
  deps_.logger.warn("federated user not updated",
                    {{"user_id", user.id}, {"cause", stored.error().description}});
  return user;
}

}  // namespace authplane::authserver
