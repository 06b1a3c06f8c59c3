#include <authplane/resource/guard.h>

#include <utility>
#include <variant>

#include "credentials.h"
#include "rejection_log.h"

namespace authplane {

RequestGuard::RequestGuard(Resource resource, RequestGuardOptions options)
    : resource_(std::move(resource)),
      options_(std::move(options)),
      challenge_(resource_.challenge_options()),
      log_(std::make_shared<detail::RejectionLog>(resource_.clock(), resource_.logger())) {
  challenge_.scope = options_.required_scopes;
  challenge_.description = options_.description;
  dpop_challenge_ = challenge_;
  if (resource_.dpop_configured()) dpop_challenge_.scheme = TokenScheme::dpop;
}

Result<Authenticated, HttpResponse> RequestGuard::authenticate(const HttpRequest& request) const {
  const auto credentials = detail::read_credentials(request);
  if (const auto* none = std::get_if<detail::NoCredentials>(&credentials)) {
    return Err(reject(Error{.code = ErrorCode::token_missing,
                            .message = none->reason,
                            .oauth = {},
                            .consent = {},
                            .required_scopes = {},
                            .dpop_nonce = {}}));
  }
  if (const auto* ambiguous = std::get_if<detail::AmbiguousRequest>(&credentials)) {
    Error error;
    error.code = ErrorCode::token_missing;
    error.message =
        std::string("the request carries ") + ambiguous->reason + "; send one, in one Authorization header";
    if (options_.ambiguous == AmbiguousCredentials::unauthorized) return Err(reject(error));
    log_->warn("request refused", resource_.uri(), error);
    return Err(invalid_request_response(challenge_));
  }
  const auto& presented = std::get<detail::PresentedToken>(credentials);
  auto context = RequestContext::from_request(request, presented.scheme);
  if (!context) {
    // A resource without DPoP has one answer to every sign of it, in the scheme it does understand.
    if (!resource_.dpop_configured()) context.error().code = ErrorCode::dpop_not_supported;
    return Err(reject(context.error(), presented.scheme));
  }
  auto claims = resource_.verify(presented.token, &*context);
  if (!claims) return Err(reject(claims.error(), presented.scheme));
  if (auto allowed = claims->require_scopes(options_.required_scopes); !allowed) {
    return Err(reject(allowed.error(), presented.scheme));
  }
  std::string nonce = resource_.next_dpop_nonce(*claims);
  return Authenticated{std::move(*claims), std::string(presented.token), presented.scheme, std::move(nonce)};
}

Result<void, HttpResponse> RequestGuard::require_scopes(const Authenticated& caller,
                                                        std::span<const std::string> scopes) const {
  auto allowed = caller.claims.require_scopes(scopes);
  if (!allowed) return Err(reject(allowed.error(), caller.scheme));
  return {};
}

Result<void, HttpResponse> RequestGuard::require_scopes(const VerifiedClaims& claims,
                                                        std::span<const std::string> scopes) const {
  auto allowed = claims.require_scopes(scopes);
  if (!allowed) {
    return Err(reject(allowed.error(), claims.is_dpop_bound() ? TokenScheme::dpop : TokenScheme::bearer));
  }
  return {};
}

HttpResponse RequestGuard::reject(const Error& error, TokenScheme scheme) const {
  if (error.code == ErrorCode::token_missing) {
    // The first request of every client that has yet to find its authorization server.
    resource_.logger()->debug("request without a token",
                              {{"reason", error.message}, {"resource", resource_.uri()}});
  } else {
    log_->warn("request refused", resource_.uri(), error);
  }
  return error_response(error, scheme == TokenScheme::dpop ? dpop_challenge_ : challenge_);
}

HttpHandler RequestGuard::protect(Handler handler, std::vector<std::string> scopes) const {
  return
      [guard = *this, handler = std::move(handler), scopes = std::move(scopes)](const HttpRequest& request) {
        auto authenticated = guard.authenticate(request);
        if (!authenticated) return std::move(authenticated.error());
        if (auto allowed = guard.require_scopes(*authenticated, scopes); !allowed)
          return std::move(allowed.error());
        HttpResponse response = handler(request, *authenticated);
        if (!authenticated->dpop_nonce.empty())
          response.headers.set("DPoP-Nonce", std::move(authenticated->dpop_nonce));
        return response;
      };
}

HttpRoute RequestGuard::metadata_route() const {
  return {resource_.metadata_path(),
          [guard = *this](const HttpRequest& request) { return guard.metadata_response(request.method); }};
}

HttpResponse RequestGuard::metadata_response(std::string_view method) const {
  constexpr const char* kMethods = "GET, HEAD, OPTIONS";
  HttpResponse response;
  response.headers.add("Access-Control-Allow-Origin", "*");
  if (method == "GET" || method == "HEAD") {
    response.headers.add("Content-Type", "application/json");
    response.headers.add("Cache-Control", "max-age=" + std::to_string(options_.metadata_max_age.count()));
    response.body = resource_.metadata_json();  // servers leave the body of a HEAD answer out
  } else if (method == "OPTIONS") {
    response.status = 204;
    response.headers.add("Access-Control-Allow-Methods", kMethods);
    response.headers.add("Access-Control-Allow-Headers", "*");
    response.headers.add("Access-Control-Max-Age", std::to_string(options_.metadata_max_age.count()));
    response.headers.add("Allow", kMethods);
  } else {
    response.status = 405;
    response.headers.add("Allow", kMethods);
  }
  return response;
}

}  // namespace authplane
