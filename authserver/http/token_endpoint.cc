#include "authserver/http/token_endpoint.h"

#include <optional>

#include <authplane/base/encoding.h>

#include "authserver/domain/json_writer.h"
#include "authserver/http/client_authentication.h"
#include "authserver/http/form_request.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxLoggedBytes = 256;

HttpResponse render(const IssuedToken& token) {
  std::string body;
  body.reserve(token.access_token.size() + token.refresh_token.size() + token.scope.size() + 128);
  JsonObjectWriter writer(body);
  writer.string("access_token", token.access_token);
  if (!token.issued_token_type.empty()) writer.string("issued_token_type", token.issued_token_type);
  writer.string("token_type", token.token_type);
  if (token.expires_in) writer.integer("expires_in", token.expires_in->count());
  if (!token.refresh_token.empty()) writer.string("refresh_token", token.refresh_token);
  if (!token.scope.empty()) writer.string("scope", token.scope);
  writer.finish();
  HttpResponse response = json_response(200, std::move(body));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Pragma", "no-cache");
  return response;
}

// A stranger cannot make rows with names that were never registered.
bool is_anonymous(const Denial& denial) {
  return denial.reason == "unknown_client" || denial.reason == "missing_credentials";
}

}  // namespace

void Grant::obtain(TokenGrant grant, TokenService& tokens, std::string_view ip, Obtained done) const {
  tokens.issue(std::move(grant), ip, [done = std::move(done)](Outcome<IssuedToken> token) {
    if (token) return done(std::move(*token));
    done(Err(NotIssued(std::move(token).error())));
  });
}

struct TokenEndpoint::Entry {
  std::unique_ptr<Grant> grant;
  std::string grant_type;
  Counter* issued;
  Counter* issued_by_grant;  // null: the grant says for each token
  Histogram* seconds;
};

// A request whose client is known, kept until the grant has decided.
struct TokenEndpoint::Presented {
  Presented(const ProofChecker& proofs, const HttpRequest& http, Form sent, ClientPtr client)
      : form(std::move(sent)),
        proof(proofs, http, client->id),
        request{.http = http, .form = form, .client = std::move(client), .proof = proof} {}

  const Form form;
  const RequestProof proof;
  const TokenRequest request;
};

TokenEndpoint::TokenEndpoint(Deps deps, std::vector<std::unique_ptr<Grant>> grants)
    : deps_(deps), agent_issued_(deps.metrics.counter("authplane_agent_tokens_issued_total")) {
  for (auto& grant : grants) {
    const std::string grant_type(to_string(grant->kind()));
    Entry entry{
        .grant = nullptr,
        .grant_type = grant_type,
        .issued = &deps_.metrics.counter("authserver_tokens_issued_total", {{"grant_type", grant_type}}),
        .issued_by_grant =
            grant->issued_counter().empty() ? nullptr : &deps_.metrics.counter(grant->issued_counter()),
        .seconds = &deps_.metrics.histogram("authserver_token_issuance_duration_seconds",
                                            {{"grant_type", grant_type}})};
    entry.grant = std::move(grant);
    entries_.push_back(std::move(entry));
  }
}

TokenEndpoint::~TokenEndpoint() = default;

void TokenEndpoint::handle(const HttpRequest& request, Respond respond) const {
  respond = with_nonce(request, std::move(respond));
  // 1. Read the request: a form in the body, the query is not looked at.
  auto form = read_parameters(request);
  if (!form) return respond(denied(nullptr, form.error()));
  // 2. Find the grant.
  const auto found = find_grant(*form);
  if (!found) return respond(denied(nullptr, found.error()));
  const Entry& entry = **found;
  const SteadyTime started = deps_.clock.steady_now();
  // 3. Authenticate the client and look whether it is registered for the grant.
  auto client = authenticate(request, *form, entry);
  if (!client) return respond(denied(&entry, client.error()));
  // 4. What the grant needs and the server does not have.
  const auto presented =
      std::make_shared<const Presented>(deps_.proofs, request, std::move(*form), std::move(*client));
  entry.grant->prepare(presented->request, [this, presented, &entry, started, respond = std::move(respond)] {
    answer(presented->request, entry, started, respond);
  });
}

void TokenEndpoint::answer(const TokenRequest& presented, const Entry& entry, SteadyTime started,
                           Respond respond) const {
  auto grant = try_decide(presented, entry);
  if (!grant) return respond(denied(&entry, grant.error()));
  // 7. Mint and record.
  const HttpRequest& request = presented.http;
  Pending pending{.request = request,
                  .entry = entry,
                  .started = started,
                  .client = grant->client,
                  .has_proof = grant->proof.has_value(),
                  .counted_as = grant->counted_as != nullptr ? grant->counted_as : entry.issued_by_grant,
                  .until_recorded = grant->until_recorded};
  entry.grant->obtain(
      std::move(*grant), deps_.tokens, request.remote_address,
      [this, pending = std::move(pending), respond = std::move(respond)](
          Result<IssuedToken, NotIssued> token) { respond(issued(pending, std::move(token))); });
}

// A client that uses DPoP learns the nonce of its next request from every answer (RFC 9449 section 8.2).
Respond TokenEndpoint::with_nonce(const HttpRequest& request, Respond respond) const {
  if (!deps_.proofs.concerns(request)) return respond;
  return [this, respond = std::move(respond)](HttpResponse response) {
    response.headers.add("DPoP-Nonce", deps_.proofs.fresh_nonce());
    respond(std::move(response));
  };
}

// May run on a thread that catches nothing.
Result<TokenGrant, Denial> TokenEndpoint::try_decide(const TokenRequest& request, const Entry& entry) const {
  try {
    return decide(request, entry);
  } catch (const std::exception& e) {
    deps_.logger.error("unexpected failure at the token endpoint", {{"cause", e.what()}});
    return deny(OAuthErrorCode::server_error, "the server failed");
  }
}

Result<TokenGrant, Denial> TokenEndpoint::decide(const TokenRequest& request, const Entry& entry) const {
  // 5. The grant decides subject, audience and scope.
  auto grant = entry.grant->decide(request);
  std::optional<Denial> denial;
  if (!grant) denial = std::move(grant).error();
  // 6. Proof of possession.
  const RequestProof& proof = request.proof;
  if (!denial && !proof.get()) denial = proof.get().error();
  if (denial) {
    const Client& client = *request.client;
    if (!client.is_public() || denial->holds_token) audit_denial(request.http, entry, client.id, *denial);
    return Err(std::move(*denial));
  }
  if (const auto& presented = *proof.get()) {
    grant->dpop_jkt = presented->thumbprint;
    grant->proof = presented->spent;
  }
  grant->audit_action = entry.grant->issued_action();
  return std::move(*grant);
}

HttpResponse TokenEndpoint::issued(const Pending& pending, Result<IssuedToken, NotIssued> token) const {
  const Entry& entry = pending.entry;
  if (!token) {
    const auto* error = std::get_if<DomainError>(&token.error());
    const Denial denial = error != nullptr ? not_recorded(pending, *error) : std::get<Denial>(token.error());
    audit_denial(pending.request, entry, pending.client->id, denial);
    return denied(&entry, denial);
  }
  if (pending.has_proof) deps_.proofs.count_accepted();
  entry.issued->add();
  if (pending.counted_as != nullptr) pending.counted_as->add();
  if (pending.client->is_agent) agent_issued_.add();
  entry.seconds->observe(std::chrono::duration<double>(deps_.clock.steady_now() - pending.started).count());
  return render(*token);
}

HttpResponse TokenEndpoint::denied(const Entry* entry, const Denial& denial) const {
  if (entry != nullptr) {
    deps_.metrics
        .counter("authplane_" + std::string(entry->grant->name()) + "_denied_total",
                 {{"reason", denial.reason}})
        .add();
  }
  deps_.metrics.counter("authserver_auth_denied_total", {{"reason", denial.reason}}).add();
  return oauth_error_response(denial.error);
}

Result<const TokenEndpoint::Entry*, Denial> TokenEndpoint::find_grant(const Form& form) const {
  const std::string_view wanted = form.get("grant_type").value_or("");
  for (const Entry& entry : entries_) {
    if (entry.grant_type == wanted) return &entry;
  }
  std::string description = "grant_type is missing";
  if (!wanted.empty()) description = "this server does not support that grant_type";
  if (wanted == to_string(GrantKind::client_credentials)) {
    description = "client_credentials is switched off; set client_credentials.enabled to true";
  } else if (wanted == to_string(GrantKind::token_exchange)) {
    description = "token exchange is switched off; set token_exchange.enabled to true";
  } else if (wanted == to_string(GrantKind::jwt_bearer)) {
    description = "jwt-bearer is switched off; set xaa.enabled to true";
  }
  return deny(OAuthErrorCode::unsupported_grant_type, std::move(description));
}

Result<ClientPtr, Denial> TokenEndpoint::authenticate(const HttpRequest& request, const Form& form,
                                                      const Entry& entry) const {
  const auto presented = read_client_authentication(request.headers, form);
  if (!presented) return Err(Denial{.error = presented.error(), .reason = "invalid_request"});
  const std::string_view secret = presented->client_secret.expose();
  const auto client = entry.grant->allows_public_clients()
                          ? deps_.clients.authenticate(presented->client_id, secret)
                          : deps_.clients.authenticate_confidential(presented->client_id, secret);
  if (!client) {
    Denial denial = denial_of(client.error(), "issue the token", deps_.logger);
    if (!is_anonymous(denial)) audit_denial(request, entry, presented->client_id, denial);
    return Err(std::move(denial));
  }
  if (!(*client)->has_grant_type(entry.grant_type)) {
    auto denial = deny(OAuthErrorCode::unauthorized_client,
                       "the client is not registered for grant_type " + entry.grant_type);
    if (!(*client)->is_public()) audit_denial(request, entry, (*client)->id, denial.error);
    return denial;
  }
  return std::move(*client);
}

void TokenEndpoint::audit_denial(const HttpRequest& request, const Entry& entry, std::string_view client_id,
                                 const Denial& denial) const {
  const std::string_view id = client_id.substr(0, kMaxLoggedBytes);
  deps_.audit.post(entry.grant->denied_action(), {.id = std::string(id), .ip = request.remote_address}, id,
                   audit_detail({{"reason", denial.reason}}));
}

Denial TokenEndpoint::not_recorded(const Pending& pending, const DomainError& error) const {
  if (error.code == DomainErrorCode::invalid_dpop_proof) deps_.proofs.count_replay(pending.client->id);
  if (error.code == DomainErrorCode::invalid_grant || error.code == DomainErrorCode::token_reused) {
    deps_.logger.warn("token not issued", {{"client_id", pending.client->id}, {"cause", error.detail}});
  }
  if (error.code == DomainErrorCode::token_reused) {
    deps_.metrics.counter("authserver_refresh_token_reuse_total").add();
    deps_.metrics.counter("authserver_tokens_revoked_total", {{"reason", "family_revocation"}}).add();
  }
  return denial_of(error, "issue the token", deps_.logger);
}

}  // namespace authplane::authserver
