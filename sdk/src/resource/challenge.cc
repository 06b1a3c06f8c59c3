#include <authplane/resource/challenge.h>

#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/json/json.h>

namespace authplane {
namespace {

// `as_presented`: the scheme the token came under.
enum class Scheme { none, bearer, dpop, as_presented };

// One row of the error table: what an error means to the caller of a protected resource.
struct Answer {
  int status;
  Scheme scheme;
  std::string_view error;        // OAuth `error`, "" = none
  std::string_view description;  // the fixed sentence
};

constexpr std::string_view kInvalidToken = "invalid_token";
constexpr Answer kNoToken{401, Scheme::bearer, "", ""};
constexpr Answer kBadToken{401, Scheme::as_presented, kInvalidToken,
                           "The access token is expired, revoked, malformed or not meant for this resource."};
constexpr Answer kScope{403, Scheme::as_presented, "insufficient_scope",
                        "The access token lacks a scope that this request needs."};
constexpr Answer kUnproven{
    401, Scheme::dpop, kInvalidToken,
    "The request needs an access token bound to a key and a new DPoP proof by that key."};
constexpr std::string_view kInvalidProof = "invalid_dpop_proof";
constexpr Answer kBadProof{401, Scheme::dpop, kInvalidProof,
                           "The DPoP proof is not a valid proof for this request."};
constexpr Answer kManyProofs{401, Scheme::dpop, kInvalidProof,
                             "The request must carry exactly one DPoP proof."};
constexpr Answer kNeedsNonce{401, Scheme::dpop, "use_dpop_nonce",
                             "The DPoP proof must contain the nonce given here."};
constexpr Answer kNoDpop{401, Scheme::bearer, kInvalidToken,
                         "This resource accepts bearer tokens only, without a DPoP proof."};
constexpr Answer kUnavailable{503, Scheme::none, "temporarily_unavailable",
                              "The access token cannot be checked at the moment."};
constexpr Answer kServerError{500, Scheme::none, "server_error", "The server could not handle the request."};

const Answer& answer_to(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::token_missing:
      return kNoToken;
    case ErrorCode::token_expired:
    case ErrorCode::invalid_signature:
    case ErrorCode::invalid_claims:
    case ErrorCode::token_inactive:
      return kBadToken;
    case ErrorCode::insufficient_scope:
      return kScope;
    case ErrorCode::invalid_dpop_proof:
      return error.dpop_nonce.empty() ? kBadProof : kNeedsNonce;
    case ErrorCode::dpop_proof_missing:
    case ErrorCode::dpop_replay_detected:
    case ErrorCode::dpop_binding_mismatch:
      return kUnproven;
    case ErrorCode::dpop_multiple_proofs:
      return kManyProofs;
    case ErrorCode::dpop_not_supported:
      return kNoDpop;
    case ErrorCode::jwks_unavailable:
    case ErrorCode::metadata_fetch_error:
    case ErrorCode::missing_metadata_endpoint:
    case ErrorCode::circuit_open:
    case ErrorCode::revocation_check_failed:
      return kUnavailable;
    default:  // this program's own calls and arguments: not the caller's business
      return kServerError;
  }
}

std::string describe(const Error& error, const Answer& answer, ErrorDescription description) {
  // The caller learns about its own token, never about this server's troubles with others.
  const bool about_the_caller = answer.scheme != Scheme::none;
  if (description == ErrorDescription::message && about_the_caller) return header_safe(error.message);
  return std::string(answer.description);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ' ';
    text += part;
  }
  return text;
}

// scheme SP param *( ", " param ), every value a quoted-string.
class ChallengeText {
 public:
  explicit ChallengeText(TokenScheme scheme) : text_(scheme == TokenScheme::dpop ? "DPoP" : "Bearer") {}

  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_ += first_ ? " " : ", ";
    first_ = false;
    text_ += name;
    text_ += "=\"";
    text_ += header_safe(value);
    text_ += '"';
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  bool first_ = true;
};

TokenScheme scheme_of(const Answer& answer, const ChallengeOptions& options) {
  if (answer.scheme == Scheme::as_presented) return options.scheme;
  return answer.scheme == Scheme::dpop ? TokenScheme::dpop : TokenScheme::bearer;
}

std::string challenge(const Answer& answer, std::string_view description,
                      const std::vector<std::string>& scope, const ChallengeOptions& options) {
  ChallengeText text(scheme_of(answer, options));
  text.add("realm", options.realm);
  text.add("error", answer.error);
  if (!answer.error.empty()) text.add("error_description", description);
  text.add("scope", joined(scope));
  text.add("resource_metadata", options.resource_metadata);
  return text.take();
}

// For a request without credentials, next to the one that Bearer clients understand.
std::string dpop_invitation(const ChallengeOptions& options) {
  ChallengeText text(TokenScheme::dpop);
  text.add("algs", options.dpop_algs);
  text.add("scope", joined(options.scope));
  text.add("resource_metadata", options.resource_metadata);
  return text.take();
}

std::string json_body(std::string_view error, std::string_view description) {
  OrderedJson body;
  if (!error.empty()) body["error"] = error;
  body["error_description"] = description;
  return to_json_text(body);
}

HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  if (!body.empty()) response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

// What a challenge asks for: a 403 names everything the operation needs, a 401 the minimum if it is known.
const std::vector<std::string>& wanted_scope(const Error& error, const Answer& answer,
                                             const ChallengeOptions& options) {
  return answer.status == 403 ? error.required_scopes : options.scope;
}

}  // namespace

int http_status(const Error& error) noexcept {
  return answer_to(error).status;
}

std::string www_authenticate(const Error& error, const ChallengeOptions& options) {
  const Answer& answer = answer_to(error);
  if (answer.scheme == Scheme::none) return {};
  return challenge(answer, describe(error, answer, options.description), wanted_scope(error, answer, options),
                   options);
}

HttpResponse error_response(const Error& error, const ChallengeOptions& options) {
  const Answer& answer = answer_to(error);
  const std::string description = describe(error, answer, options.description);
  HttpResponse response = json_response(
      answer.status, description.empty() ? std::string() : json_body(answer.error, description));
  if (answer.scheme != Scheme::none) {
    response.headers.add("WWW-Authenticate",
                         challenge(answer, description, wanted_scope(error, answer, options), options));
  }
  if (error.code == ErrorCode::token_missing && !options.dpop_algs.empty()) {
    response.headers.add("WWW-Authenticate", dpop_invitation(options));
  }
  if (!error.dpop_nonce.empty() && answer.error == kNeedsNonce.error) {
    response.headers.add("DPoP-Nonce", header_safe(error.dpop_nonce));
  }
  return response;
}

HttpResponse invalid_request_response(const ChallengeOptions& options) {
  constexpr Answer kAnswer{400, Scheme::bearer, "invalid_request",
                           "Send the access token once, in one Authorization header, and not in the URL."};
  HttpResponse response = json_response(kAnswer.status, json_body(kAnswer.error, kAnswer.description));
  response.headers.add("WWW-Authenticate", challenge(kAnswer, kAnswer.description, {}, options));
  return response;
}

}  // namespace authplane
