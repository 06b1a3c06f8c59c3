#include "authserver/http/token_endpoint.h"

#include <optional>

#include <authplane/base/encoding.h>

#include "authserver/domain/json_writer.h"
#include "authserver/http/client_authentication.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxBodyBytes = 64 * 1024;
constexpr std::size_t kMaxLoggedBytes = 256;

Denial deny(OAuthErrorCode code, std::string description, std::string reason) {
  return {.error = {code, std::move(description)}, .reason = std::move(reason)};
}

bool is_form(const Headers& headers) {
  const auto type = headers.get("Content-Type");
  if (!type) return false;
  std::string_view essence = type->substr(0, type->find(';'));
  while (!essence.empty() && essence.back() == ' ') essence.remove_suffix(1);
  return equals_ignore_case(essence, "application/x-www-form-urlencoded");
}

Result<Form, Denial> parse(const HttpRequest& request) {
  if (request.body.size() > kMaxBodyBytes) {
    return Err(
        deny(OAuthErrorCode::request_too_large, "the body is larger than 64 KiB", "request_too_large"));
  }
  if (!is_form(request.headers)) {
    return Err(deny(OAuthErrorCode::invalid_request,
                    "send the parameters as Content-Type application/x-www-form-urlencoded",
                    "invalid_request"));
  }
  auto form = Form::parse(request.body);
  if (!form) {
    return Err(
        deny(OAuthErrorCode::invalid_request, "the body is not a well-formed form", "invalid_request"));
  }
  if (form->first_repeated("resource")) {
    return Err(
        deny(OAuthErrorCode::invalid_request, "a parameter is sent more than once", "invalid_request"));
  }
  return std::move(*form);
}

HttpResponse render(const IssuedToken& token) {
  std::string body;
  body.reserve(token.access_token.size() + token.scope.size() + 96);
  JsonObjectWriter writer(body);
  writer.string("access_token", token.access_token)
      .string("token_type", token.token_type)
      .integer("expires_in", token.expires_in.count());
  if (!token.scope.empty()) writer.string("scope", token.scope);
  writer.finish();
  HttpResponse response = json_response(200, std::move(body));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Pragma", "no-cache");
  return response;
}

OAuthErrorCode code_of(DomainErrorCode code) {
  switch (code) {
    case DomainErrorCode::invalid_client:
      return OAuthErrorCode::invalid_client;
    case DomainErrorCode::invalid_target:
      return OAuthErrorCode::invalid_target;
    case DomainErrorCode::invalid_scope:
      return OAuthErrorCode::invalid_scope;
    case DomainErrorCode::invalid_dpop_proof:
      return OAuthErrorCode::invalid_dpop_proof;
    case DomainErrorCode::invalid_request:
      return OAuthErrorCode::invalid_request;
    case DomainErrorCode::unauthorized_client:
      return OAuthErrorCode::unauthorized_client;
    case DomainErrorCode::unavailable:
      return OAuthErrorCode::temporarily_unavailable;
    default:
      return OAuthErrorCode::server_error;
  }
}

// A stranger cannot make rows with names that were never registered.
bool is_anonymous(const Denial& denial) {
  return denial.reason == "unknown_client" || denial.reason == "missing_credentials";
}

}  // namespace

struct TokenEndpoint::Entry {
  std::unique_ptr<Grant> grant;
  std::string grant_type;
  Counter* issued;
  Counter* issued_by_grant;
  Histogram* seconds;
};

TokenEndpoint::TokenEndpoint(Deps deps, std::vector<std::unique_ptr<Grant>> grants) : deps_(deps) {
  for (auto& grant : grants) {
    const std::string grant_type(to_string(grant->kind()));
    Entry entry{
        .grant = nullptr,
        .grant_type = grant_type,
        .issued = &deps_.metrics.counter("authserver_tokens_issued_total", {{"grant_type", grant_type}}),
        .issued_by_grant =
            &deps_.metrics.counter("authplane_" + std::string(grant->name()) + "_issued_total"),
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
  const auto form = parse(request);
  if (!form) return respond(denied(nullptr, form.error()));
  // 2. Find the grant.
  const auto found = find_grant(*form);
  if (!found) return respond(denied(nullptr, found.error()));
  const Entry& entry = **found;
  const SteadyTime started = deps_.clock.steady_now();
  auto grant = decide(request, *form, entry);
  if (!grant) return respond(denied(&entry, grant.error()));
  // 6. Mint and record.
  Pending pending{request, entry, started, grant->client->id, grant->proof.has_value()};
  deps_.tokens.issue(*grant, request.remote_address,
                     [this, pending = std::move(pending), respond = std::move(respond)](
                         Outcome<IssuedToken> token) { respond(issued(pending, std::move(token))); });
}

// A client that uses DPoP learns the nonce of its next request from every answer (RFC 9449 section 8.2).
Respond TokenEndpoint::with_nonce(const HttpRequest& request, Respond respond) const {
  if (!deps_.proofs.concerns(request)) return respond;
  return [this, respond = std::move(respond)](HttpResponse response) {
    response.headers.add("DPoP-Nonce", deps_.proofs.fresh_nonce());
    respond(std::move(response));
  };
}

Result<TokenGrant, Denial> TokenEndpoint::decide(const HttpRequest& request, const Form& form,
                                                 const Entry& entry) const {
  // 3. Authenticate the client and look whether it is registered for the grant.
  const auto client = authenticate(request, form, entry);
  if (!client) return Err(client.error());
  // 4. The grant decides subject, audience and scope.
  const RequestProof proof(deps_.proofs, request, (*client)->id);
  auto grant = entry.grant->decide({.http = request, .form = form, .client = *client, .proof = proof});
  std::optional<Denial> denial;
  if (!grant) denial = std::move(grant).error();
  // 5. Proof of possession.
  if (!denial && !proof.get()) denial = proof.get().error();
  if (denial) {
    audit_denial(request, entry, (*client)->id, *denial);
    return Err(std::move(*denial));
  }
  if (const auto& presented = *proof.get()) {
    grant->dpop_jkt = presented->thumbprint;
    grant->proof = presented->spent;
  }
  grant->audit_action = entry.grant->issued_action();
  return std::move(*grant);
}

HttpResponse TokenEndpoint::issued(const Pending& pending, Outcome<IssuedToken> token) const {
  const Entry& entry = pending.entry;
  if (!token) {
    if (token.error().code == DomainErrorCode::invalid_dpop_proof)
      deps_.proofs.count_replay(pending.client_id);
    const Denial denial = failure(token.error());
    audit_denial(pending.request, entry, pending.client_id, denial);
    return denied(&entry, denial);
  }
  if (pending.has_proof) deps_.proofs.count_accepted();
  entry.issued->add();
  entry.issued_by_grant->add();
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
  }
  return Err(deny(OAuthErrorCode::unsupported_grant_type, std::move(description), "unsupported_grant_type"));
}

Result<ClientPtr, Denial> TokenEndpoint::authenticate(const HttpRequest& request, const Form& form,
                                                      const Entry& entry) const {
  const auto presented = read_client_authentication(request.headers, form);
  if (!presented) return Err(Denial{.error = presented.error(), .reason = "invalid_request"});
  const auto client =
      deps_.clients.authenticate_confidential(presented->client_id, presented->client_secret.expose());
  if (!client) {
    Denial denial = failure(client.error());
    if (!is_anonymous(denial)) audit_denial(request, entry, presented->client_id, denial);
    return Err(std::move(denial));
  }
  if (!(*client)->has_grant_type(entry.grant_type)) {
    Denial denial =
        deny(OAuthErrorCode::unauthorized_client,
             "the client is not registered for grant_type " + entry.grant_type, "unauthorized_client");
    audit_denial(request, entry, (*client)->id, denial);
    return Err(std::move(denial));
  }
  return std::move(*client);
}

void TokenEndpoint::audit_denial(const HttpRequest& request, const Entry& entry, std::string_view client_id,
                                 const Denial& denial) const {
  const std::string_view id = client_id.substr(0, kMaxLoggedBytes);
  deps_.audit.post(entry.grant->denied_action(), {.id = std::string(id), .ip = request.remote_address}, id,
                   audit_detail({{"reason", denial.reason}}));
}

Denial TokenEndpoint::failure(const DomainError& error) const {
  const OAuthErrorCode code = code_of(error.code);
  if (code == OAuthErrorCode::server_error || code == OAuthErrorCode::temporarily_unavailable) {
    deps_.logger.error("token not issued",
                       {{"cause", error.detail.empty() ? error.description : error.detail}});
    return deny(code,
                code == OAuthErrorCode::server_error ? "the server failed to issue the token"
                                                     : "the server is busy; try again",
                std::string(row_of(code).error));
  }
  // The words for the log of an authentication failure are the reason; other errors are named by their code.
  return deny(code, header_safe(error.description),
              error.code == DomainErrorCode::invalid_client && !error.detail.empty()
                  ? error.detail
                  : std::string(row_of(code).error));
}

}  // namespace authplane::authserver
