#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/form.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/client_authenticator.h"
#include "authserver/domain/metrics.h"
#include "authserver/domain/token_service.h"
#include "authserver/http/deferred.h"
#include "authserver/http/denial.h"
#include "authserver/http/proof_checker.h"

namespace authplane::authserver {

// A token request whose client is authenticated and registered for the grant.
struct TokenRequest {
  const HttpRequest& http;
  const Form& form;  // no parameter but `resource` repeats
  ClientPtr client;
  const RequestProof& proof;
};

// Why a token that was decided on is not issued after all: what the server or its records say, or what the
// grant has to say about that itself.
using NotIssued = std::variant<DomainError, Denial>;

// What one grant_type adds to the endpoint. Everything else, client authentication above all, is the
// endpoint's.
class Grant {
 public:
  virtual ~Grant() = default;
  virtual GrantKind kind() const = 0;
  virtual std::string_view name() const = 0;  // in the names of its metrics
  // "": its tokens are counted by TokenGrant::counted_as.
  virtual std::string issued_counter() const { return "authplane_" + std::string(name()) + "_issued_total"; }
  virtual std::string_view issued_action() const = 0;  // audit actions
  virtual std::string_view denied_action() const = 0;
  // Whether a client without a secret may use it.
  virtual bool allows_public_clients() const { return false; }
  // Gets what decide() needs and the server does not have. `done` is called exactly once, by this thread or
  // another one.
  virtual void prepare(const TokenRequest&, std::function<void()> done) const { done(); }
  // Checks the grant's own parameters and says what the token shall hold. Thread-safe. The endpoint binds the
  // token to the proof of the request afterwards; a grant that has to see the proof before it uses something
  // up asks for it here, and one whose token is bound without a proof sets dpop_jkt.
  virtual Result<TokenGrant, Denial> decide(const TokenRequest& request) const = 0;
  // Has the token made that was decided on. `done` is called exactly once, by this thread or another one.
  using Obtained = std::function<void(Result<IssuedToken, NotIssued>)>;
  virtual void obtain(TokenGrant grant, TokenService& tokens, std::string_view ip, Obtained done) const;
};

// POST /oauth/token (RFC 6749 section 3.2). One list of phases for all grants. Thread-safe. A token is
// answered once its record is durable, by a thread of the store, and one of an upstream provider once that
// has answered too; everything else as soon as the grant is prepared.
class TokenEndpoint {
 public:
  struct Deps {
    const ClientAuthenticator& clients;
    const ProofChecker& proofs;
    TokenService& tokens;
    AuditService& audit;
    Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the endpoint. A grant that is not in the list is answered unsupported_grant_type.
  TokenEndpoint(Deps deps, std::vector<std::unique_ptr<Grant>> grants);
  ~TokenEndpoint();

  void handle(const HttpRequest& request, Respond respond) const;

 private:
  // A grant with its series looked up once.
  struct Entry;

  Result<const Entry*, Denial> find_grant(const Form& form) const;
  Result<ClientPtr, Denial> authenticate(const HttpRequest& request, const Form& form,
                                         const Entry& entry) const;
  struct Presented;
  // Phases 5 and 6.
  Result<TokenGrant, Denial> decide(const TokenRequest& request, const Entry& entry) const;
  Result<TokenGrant, Denial> try_decide(const TokenRequest& request, const Entry& entry) const;
  void answer(const TokenRequest& request, const Entry& entry, SteadyTime started, Respond respond) const;
  // What is known of a request until its token is recorded.
  struct Pending {
    const HttpRequest& request;
    const Entry& entry;
    SteadyTime started;
    ClientPtr client;
    bool has_proof;
    Counter* counted_as;
    std::shared_ptr<const void> until_recorded;
  };
  HttpResponse issued(const Pending& pending, Result<IssuedToken, NotIssued> token) const;
  Respond with_nonce(const HttpRequest& request, Respond respond) const;
  HttpResponse denied(const Entry* entry, const Denial& denial) const;
  void audit_denial(const HttpRequest& request, const Entry& entry, std::string_view client_id,
                    const Denial& denial) const;
  Denial not_recorded(const Pending& pending, const DomainError& error) const;

  Deps deps_;
  Counter& agent_issued_;
  std::vector<Entry> entries_;
};

}  // namespace authplane::authserver
