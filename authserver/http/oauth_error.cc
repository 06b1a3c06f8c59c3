#include "authserver/http/oauth_error.h"

#include <array>

#include "authserver/domain/json_writer.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

using Code = OAuthErrorCode;

constexpr std::array<OAuthErrorRow, 20> kTable{{
    {Code::invalid_request, "invalid_request", 400,
     "The request is malformed: a parameter is missing, repeated, or in a place where it is not read. Send "
     "parameters "
     "once, in a form-encoded body."},
    {Code::invalid_client, "invalid_client", 401,
     "The client is unknown, not active, or its secret is wrong. Check client_id and client_secret."},
    {Code::invalid_grant, "invalid_grant", 400,
     "The authorization code or the token that was presented is unknown, expired, used or revoked, was "
     "issued "
     "to another client, is of somebody who is not active any more, or does not fit the redirect_uri or "
     "code_verifier of the request. Start again at the authorization endpoint."},
    {Code::unauthorized_client, "unauthorized_client", 400,
     "The client is not registered for this grant type. Add it to the client's grant_types."},
    {Code::unsupported_grant_type, "unsupported_grant_type", 400,
     "This server does not serve that grant type. The metadata document lists those it does."},
    {Code::invalid_scope, "invalid_scope", 400,
     "The requested scope is outside what the client or the resource is registered for."},
    {Code::invalid_target, "invalid_target", 400,
     "The resource is not registered here under exactly that URI. A trailing slash makes another resource."},
    {Code::invalid_dpop_proof, "invalid_dpop_proof", 400,
     "The DPoP proof is malformed, signed wrongly, made for another URL, method or time, or was used before. "
     "Make a new one for every request, check the clock, and use the token_endpoint of the metadata document "
     "letter by letter. The server's log has the reason."},
    {Code::use_dpop_nonce, "use_dpop_nonce", 400,
     "This server wants a nonce of its own in every DPoP proof. Repeat the request with a new proof that "
     "holds "
     "the value of the DPoP-Nonce field of this answer."},
    {Code::invalid_client_metadata, "invalid_client_metadata", 400,
     "The metadata of a registration is incomplete or holds values this server does not accept. The "
     "description lists every problem."},
    {Code::invalid_redirect_uri, "invalid_redirect_uri", 400,
     "This server accepts registrations with redirect URIs of its operator's list only. Ask the operator to "
     "add yours."},
    {Code::access_denied, "access_denied", 403,
     "The server's policy does not allow this request: only its operator registers clients, or only clients "
     "that the operator named may exchange tokens for the resource. The description says which."},
    {Code::consent_required, "consent_required", 400,
     "The user has not allowed this, or not all of it. Send the user to consent_url, when there is one, then "
     "repeat the request. cause says whether anything was allowed."},
    {Code::request_too_large, "invalid_request", 413, "The request body is larger than this endpoint reads."},
    {Code::slow_down, "slow_down", 429, "Too many requests from one address. Wait for Retry-After seconds."},
    {Code::server_error, "server_error", 500,
     "The server failed. Its log has the cause under the request id of the answer."},
    {Code::temporarily_unavailable, "temporarily_unavailable", 503,
     "The server is busy or its storage does not answer. Nothing was issued; try again after Retry-After "
     "seconds."},
    {Code::service_unavailable, "service_unavailable", 503,
     "The operator of this server has not switched this feature on. The description names the setting."},
    {Code::unauthorized, "unauthorized", 401,
     "Nobody is signed in. Sign in at this server, then repeat the request."},
    {Code::not_found, "not_found", 404, "There is no such thing, or no longer."},
}};

void add_members(JsonObjectWriter& writer, int status, std::string_view error, std::string_view description) {
  writer.string("error", error)
      .string("error_description", description)
      .string("type", "/errors/" + std::string(error))
      .string("title", reason_phrase(status))
      .string("detail", description)
      .integer("status", status);
}

HttpResponse uncached(int status, std::string body) {
  HttpResponse response = json_response(status, std::move(body));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Pragma", "no-cache");
  return response;
}

}  // namespace

std::span<const OAuthErrorRow> oauth_error_table() {
  return kTable;
}

const OAuthErrorRow& row_of(OAuthErrorCode code) {
  return kTable[static_cast<std::size_t>(code)];
}

HttpResponse oauth_error_response(int status, std::string_view error, std::string_view description) {
  std::string body;
  JsonObjectWriter writer(body);
  add_members(writer, status, error, description);
  writer.finish();
  return uncached(status, std::move(body));
}

HttpResponse oauth_error_response(const OAuthError& error) {
  const OAuthErrorRow& row = row_of(error.code);
  std::string body;
  JsonObjectWriter writer(body);
  add_members(writer, row.status, row.error, error.description);
  if (error.code == Code::consent_required) {
    if (!error.consent_url.empty()) writer.string("consent_url", error.consent_url);
    writer.string("cause", error.cause.empty() ? "consent_missing" : error.cause);
  }
  writer.finish();
  HttpResponse response = uncached(row.status, std::move(body));
  if (error.code == Code::invalid_client)
    response.headers.add("WWW-Authenticate", "Basic realm=\"authserver\"");
  if (error.code == Code::unauthorized) response.headers.add("WWW-Authenticate", "Bearer");
  if (error.code == Code::temporarily_unavailable) response.headers.add("Retry-After", "1");
  return response;
}

HttpResponse oauth_error_page(std::string_view error) {
  for (const OAuthErrorRow& row : kTable) {
    if (row.error == error)
      return text_response(200, std::string(row.error) + ": " + std::string(row.explanation));
  }
  return text_response(404, "not found");
}

}  // namespace authplane::authserver
