#pragma once

#include <authplane/base/log.h>

#include "authserver/domain/ids.h"
#include "authserver/domain/settings_store.h"
#include "authserver/domain/user_store.h"
#include "authserver/federation/id_token.h"
#include "authserver/federation/refusal.h"

namespace authplane::authserver {

// The provider tag of users that sign in at the OpenID provider.
inline constexpr std::string_view kOpenIdProvider = "oidc";
// The setting that says whose subjects these users are: the issuer of the first sign-in, or what an operator
// set since. Subjects are unique at one issuer only (OpenID Connect Core 1.0 section 2).
inline constexpr std::string_view kOpenIdIssuerSetting = "oidc_issuer";

// The accounts of people who sign in at the provider. An account belongs to the provider's subject and to
// nothing else: an e-mail address never leads to an account. Thread-safe.
class FederatedUsers {
 public:
  struct Deps {
    UserStore& users;
    SettingsStore& settings;
    IdGenerator& ids;
    const Clock& clock;
    Logger& logger;
  };
  // The references outlive the object.
  explicit FederatedUsers(Deps deps) : deps_(deps) {}

  struct SignedInUser {
    User user;
    bool is_new = false;
  };
  // The account of this identity, made on the first sign-in and brought up to date on later ones. An address
  // that another account has refuses the first sign-in and is passed over later. Errors: issuer_changed,
  // user_disabled, email_in_use, store_failed.
  FederationResult<SignedInUser> find_or_create(const UpstreamIdentity& identity);

 private:
  FederationResult<void> check_issuer(const std::string& issuer);
  FederationResult<SignedInUser> known(const User& user, const UpstreamIdentity& identity);
  FederationResult<SignedInUser> create(const UpstreamIdentity& identity);
  User refreshed(const User& user, const UpstreamIdentity& identity);

  Deps deps_;
};

}  // namespace authplane::authserver
