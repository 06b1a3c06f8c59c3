#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <authplane/base/log.h>

#include "authserver/domain/storage.h"
#include "authserver/http/token_endpoint.h"
#include "authserver/xaa/identity_assertion.h"
#include "authserver/xaa/idp_keys.h"
#include "authserver/xaa/subject.h"

namespace authplane::authserver {

struct JwtBearerOptions {
  std::chrono::seconds lifetime{3600};          // of its tokens, > 0
  std::chrono::seconds max_assertion_age{300};  // > 0
  bool require_resource = false;                // refuses requests that name no resource
  SubjectMode subject_mode = SubjectMode::auto_map;
};

// grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer (RFC 7523, Identity Assertion JWT Authorization
// Grant): a token for a user whom a trusted identity provider vouches for. An assertion works once. What is
// wrong with it by itself leaves it usable; it is used up before anything is told about policies and users of
// this server, so that nobody tries one assertion on many of them. No thread waits for the provider's keys.
class JwtBearerGrant final : public Grant {
 public:
  struct Deps {
    XaaStore& xaa;
    UserStore& users;
    ResourceStore& resources;
    IdpKeys& keys;
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the grant.
  JwtBearerGrant(JwtBearerOptions options, Deps deps) : options_(options), deps_(deps) {}

  GrantKind kind() const override { return GrantKind::jwt_bearer; }
  std::string_view name() const override { return "jwt_bearer"; }
  std::string_view issued_action() const override { return "jwt_bearer.issued"; }
  std::string_view denied_action() const override { return "jwt_bearer.denied"; }
  void prepare(const TokenRequest& request, std::function<void()> done) const override;
  Result<TokenGrant, Denial> decide(const TokenRequest& request) const override;

 private:
  // Why an assertion is not taken, before it is used up. `cause` is for the log.
  struct Refusal {
    Denial denial;
    std::string cause;
  };
  // Where an assertion says it comes from.
  struct Source {
    TrustedIdp idp;
    std::string kid;
  };
  // An assertion that is good in itself, for a request that fits it.
  struct Accepted {
    TrustedIdp idp;
    IdentityAssertion assertion;
    std::string resource;  // URI, "" = none
  };

  static Unexpected<Refusal> refuse(OAuthErrorCode code, std::string description, std::string reason,
                                    std::string cause);
  Result<Source, Refusal> find_source(const TokenRequest& request) const;
  Result<Accepted, Refusal> accept(const TokenRequest& request) const;
  Result<IdentityAssertion, Refusal> verify(const TokenRequest& request, const TrustedIdp& idp) const;
  Result<std::string, Refusal> effective_resource(const TokenRequest& request,
                                                  const IdentityAssertion& assertion) const;
  Result<void, Denial> spend(const Accepted& accepted) const;
  Result<void, Denial> check_policies(const TokenRequest& request, const Accepted& accepted,
                                      const ScopeSet& scopes) const;
  Result<ResolvedSubject, Denial> resolve(const TokenRequest& request, const Accepted& accepted) const;
  void log_refusal(const TokenRequest& request, std::string_view cause) const;

  const JwtBearerOptions options_;
  const Deps deps_;
};

}  // namespace authplane::authserver
