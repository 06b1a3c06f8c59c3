#pragma once

#include <memory>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>
#include <authplane/base/secret.h>

#include "authserver/domain/storage.h"
#include "authserver/http/authorize_endpoint.h"
#include "authserver/http/connect_endpoint.h"
#include "authserver/http/connections_endpoint.h"
#include "authserver/http/consent_endpoint.h"
#include "authserver/http/federation_endpoint.h"
#include "authserver/http/login_endpoint.h"
#include "authserver/http/reconsent_endpoint.h"
#include "authserver/http/router.h"

namespace authplane::authserver {

struct BrowserOptions {
  LoginChoices login{};
  std::chrono::seconds federation_max_age{600};  // of a sign-in at the identity provider, > 0
  SessionOptions session;
  LockoutPolicy lockout;
  PasswordPolicy passwords;
  std::size_t hash_slots = 4;  // passwords checked at once, each with the memory of passwords.cost
  bool require_scope = false;  // see AuthorizationService::Options
  ConnectOptions connect = {};
};

// What people meet: authorization endpoint, login, consent, logout, connected accounts. Thread-safe.
class BrowserEndpoints {
 public:
  struct Deps {
    std::string issuer;  // a URL
    const SecretString& session_secret;
    ClientLookup& clients;
    Storage& storage;
    AuditService& audit;
    IdGenerator& ids;
    Clock& clock;
    Random& random;
    Logger& logger;
    Metrics& metrics;
    OpenIdProvider* provider;  // loaded; null: people sign in with passwords only
    bool dpop = true;          // see AuthorizationService::Options::bind_codes
    ConnectTools connect = {};
  };
  // The references outlive the object. Throws Exception when the issuer is no URL.
  BrowserEndpoints(const BrowserOptions& options, Deps deps);
  BrowserEndpoints(const BrowserEndpoints&) = delete;
  BrowserEndpoints& operator=(const BrowserEndpoints&) = delete;

  // The routes below `prefix`. They refer to this object.
  void add_routes(Router& router, const std::string& prefix) const;
  // Turns away who waits to be signed in, and returns when nobody is being signed in, here or at the
  // provider.
  void wait_until_idle() {
    sign_ins_.close();
    if (federation_) federation_->wait_until_idle();
  }

 private:
  std::unique_ptr<FederationEndpoint> make_federation(const BrowserOptions& options, const Deps& deps) const;
  void add_connect_routes(Router& router, const std::string& prefix) const;
  void authorize(const HttpRequest& request, Respond respond) const;
  HttpResponse answer_authorize(const HttpRequest& request) const;

  // Members refer to earlier ones.
  ClientLookup& clients_;
  const Site site_;
  const SessionKeys keys_;
  HashSlots slots_;
  const PasswordHasher hasher_;
  LoginLockout lockout_;
  const ErrorPages errors_;
  const BrowserSessions sessions_;
  const PasswordSignIn sign_in_;
  mutable SourceQueue sign_ins_;  // closed by wait_until_idle() before its tasks' objects go
  AuthorizationService service_;
  const AuthorizeEndpoint authorize_;
  const LoginEndpoint login_;
  const ConsentEndpoint consent_;
  const std::unique_ptr<FederationEndpoint> federation_;  // null: no provider
  const ReconsentEndpoint reconsent_;
  const ConnectEndpoint connect_;
  const ConnectionsEndpoint connections_;
};

}  // namespace authplane::authserver
