#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace authplane {

// Every way an SDK operation can fail. One enumerator per row of the error table in docs/errors.md; the table
// maps each to an HTTP status, a challenge scheme and an OAuth `error` value (see resource/challenge.h).
enum class ErrorCode {
  // The caller's token or proof (RFC 6750, RFC 9449).
  token_missing,
  token_expired,
  invalid_signature,
  invalid_claims,
  token_inactive,
  insufficient_scope,
  dpop_proof_missing,
  invalid_dpop_proof,
  dpop_replay_detected,
  dpop_binding_mismatch,
  dpop_multiple_proofs,
  dpop_not_supported,
  // Something this program depends on is not available.
  jwks_unavailable,
  metadata_fetch_error,
  missing_metadata_endpoint,
  circuit_open,
  revocation_check_failed,
  // This program's own calls and arguments.
  protocol_error,
  ssrf_blocked,
  transport_error,
  runtime_error,
  invalid_argument,
  closed,
  // OAuth errors answered by the authorization server (RFC 6749 section 5.2, RFC 8693, RFC 8707).
  invalid_client,
  unauthorized_client,
  invalid_grant,
  invalid_scope,
  invalid_request,
  unsupported_grant_type,
  invalid_target,
  access_denied,
  server_error,
  use_dpop_nonce,
  oauth_error,
  consent_required,
};

// The enumerator's own name, for logs and reports ("token_missing"). Static storage.
std::string_view to_string(ErrorCode code) noexcept;

// What an authorization server said in its error response.
struct OAuthDetail {
  std::string error;        // raw `error` member, "" when the body had none
  int http_status = 0;      // 0 when there was no response
  std::string description;  // `error_description`, unescaped, for logs only
};

// A page that a person has to visit before a call can succeed (MCP 2025-11-25, URL elicitation).
struct UrlElicitation {
  std::string url;             // http or https
  std::string elicitation_id;  // opaque; what the server calls this visit
  std::string message;         // says why, from the server: untrusted, for display
};

// Data of consent_required. From a token exchange (client/client.h): `consent_url`, when the authorization
// server gave one, is the page where the user connects or agrees. From a tool call (mcp/client.h):
// `elicitations` has every page the MCP server asked for and `consent_url` the first. The URLs are foreign:
// show them to the user whole and open them only in the user's browser.
struct ConsentDetail {
  std::optional<std::string> consent_url;
  std::string service_id;  // what access is missing to; "unknown_service" when nobody said
  std::string cause;
  std::vector<UrlElicitation> elicitations;
};

// A failure as a value. `message` says what went wrong, where, and what to do about it, in one line; it goes
// to the operator's log. It is not meant for the wire and never holds a token, secret or proof.
struct Error {
  ErrorCode code = ErrorCode::runtime_error;
  std::string message;
  std::optional<OAuthDetail> oauth;
  std::optional<ConsentDetail> consent;
  std::vector<std::string> required_scopes;  // insufficient_scope: everything that was required
  std::string dpop_nonce;                    // a fresh nonce when one is demanded, else ""
};

}  // namespace authplane
