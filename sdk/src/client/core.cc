#include "client/core.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/jose/jws.h>

#include "client/error_response.h"
#include "client/startup.h"
#include "client/token_request.h"

namespace authplane {
namespace {

// Leaves no copy of the secret in the settings.
Authenticator take_authenticator(std::optional<ClientAuth>& auth) {
  return auth ? Authenticator(*std::exchange(auth, std::nullopt)) : Authenticator();
}

// An exchanged token may be an upstream's own, of hours, and the user may withdraw what it stands on: the
// next exchange notices.
constexpr std::chrono::seconds kLongestExchange{300};

// How long the subject token lives, when it is a JWT that says so. Only shortens a cache entry, so the
// signature does not matter.
std::optional<std::chrono::seconds> remaining_lifetime(std::string_view token, std::chrono::sys_seconds now) {
  const auto jws = parse_unverified_jws(token);
  if (!jws) return std::nullopt;
  const auto claims = parse_json_object(jws->payload);
  const Json* exp = claims ? find_member(*claims, "exp") : nullptr;
  if (!exp || !exp->is_number()) return std::nullopt;
  const double left = exp->get<double>() - static_cast<double>(now.time_since_epoch().count());
  constexpr double kLongest = 10.0 * 365 * 24 * 3600;
  if (!(left > 0)) return std::chrono::seconds(0);
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(left, kLongest)));
}

}  // namespace

Client::Core::Core(ClientSettings settings)
    : authenticator_(take_authenticator(settings.auth)),
      settings_(std::move(settings)),
      fetcher_(settings_.fetch, settings_.seams.transport, settings_.seams.resolver, settings_.seams.clock),
      discovery_(fetcher_, settings_.issuer, settings_.metadata_url, settings_.metadata_refresh,
                 settings_.jwks_refresh, settings_.fetch_keys ? KeySet::required : KeySet::unused,
                 settings_.seams.clock, settings_.seams.logger),
      breaker_(settings_.breaker, settings_.seams.clock),
      tokens_(settings_.token_cache, settings_.seams.clock),
      keys_(
          discovery_, [this](Worker::Task task) { return worker_.post(std::move(task)); },
          settings_.seams.clock, settings_.seams.logger) {}

Result<void> Client::Core::start() {
  if (settings_.dev_mode) {
    settings_.seams.logger->warn(
        "dev mode is on: http, loopback and private networks are allowed; never in production",
        {{"issuer", settings_.issuer}});
  }
  return retry_startup([this] { return keys_.load(); }, settings_.issuer, settings_.startup_timeout,
                       settings_.seams);
}

void Client::Core::close() noexcept {
  closed_ = true;
  keys_.close();
  worker_.stop();
}

Result<void> Client::Core::check_open() const {
  if (closed_) return Err(ErrorCode::closed, "the client for " + settings_.issuer + " is closed");
  return {};
}

Result<void> Client::Core::check_may_request_tokens() const {
  if (auto open = check_open(); !open) return open;
  if (!authenticator_.has_credentials()) {
    return Err(ErrorCode::invalid_argument, "tokens need client credentials; set option auth");
  }
  return {};
}

Result<std::string> Client::Core::send(const Endpoint& endpoint, const Url& url, Form form) {
  Headers headers;
  const AuthContext context{.issuer = settings_.issuer,
                            .endpoint = url,
                            .clock = *settings_.seams.clock,
                            .random = *settings_.seams.random};
  if (auto ok = authenticator_.apply(context, headers, form); !ok) return Err(std::move(ok).error());
  if (settings_.dpop) {
    auto proof = settings_.dpop->proof("POST", url.text());
    if (!proof) return proof;
    headers.set("DPoP", std::move(*proof));
  }

  const std::size_t limit = settings_.fetch.max_oauth_bytes;
  auto response = fetcher_.fetch(endpoint_request(url, form, std::move(headers), limit));
  if (!response) return Err(std::move(response).error());
  const bool nonce_kept = settings_.dpop && settings_.dpop->observe(url.text(), response->headers);
  if (response->status >= 200 && response->status <= 299) return std::move(response->body);

  Error error = parse_error_response(response->status, response->body, endpoint.name, limit);
  if (nonce_kept && error.code == ErrorCode::use_dpop_nonce)
    error.dpop_nonce = response->headers.get("DPoP-Nonce").value_or("");
  return Err(std::move(error));
}

Result<std::string> Client::Core::post(const Endpoint& endpoint, const Form& form) {
  auto metadata = keys_.metadata();
  if (!metadata) return Err(std::move(metadata).error());
  const std::optional<Url>& url = (**metadata).*endpoint.url;
  if (!url) {
    return Err(ErrorCode::missing_metadata_endpoint, "the metadata of " + settings_.issuer + " has no " +
                                                         std::string(endpoint.name) +
                                                         ", so it does not offer this");
  }
  if (auto ok = authenticator_.check_offered((**metadata).token_auth, settings_.issuer); !ok)
    return Err(std::move(ok).error());
  auto body = send(endpoint, *url, form);
  const bool nonce_demanded = !body && !body.error().dpop_nonce.empty();
  if (nonce_demanded) body = send(endpoint, *url, form);
  return body;
}

template <class Judge>
auto Client::Core::call(const Endpoint& endpoint, const Form& form, Judge judge)
    -> decltype(judge(std::string_view())) {
  auto permit = breaker_.acquire();
  if (!permit) return Err(std::move(permit).error());
  auto body = post(endpoint, form);
  if (!body) {
    permit->settle(breaker_outcome(body.error()));
    return Err(std::move(body).error());
  }
  auto result = judge(*body);
  permit->settle(result ? CircuitBreaker::Outcome::answered : breaker_outcome(result.error()));
  return result;
}

Result<TokenResponse> Client::Core::request_token(const Form& form, Grant grant) {
  const ProofSent proof = settings_.dpop ? ProofSent::yes : ProofSent::no;
  return call({&Metadata::token_endpoint, "token_endpoint"}, form, [&](std::string_view body) {
    return parse_token_response(body, grant, proof, settings_.seams.clock->now_seconds(),
                                settings_.fetch.max_oauth_bytes);
  });
}

Result<TokenResponse> Client::Core::client_credentials(std::vector<std::string> scopes,
                                                       std::vector<std::string> resources) {
  if (auto ok = check_may_request_tokens(); !ok) return Err(std::move(ok).error());
  scopes = without_empty(std::move(scopes));
  resources = without_empty(std::move(resources));
  return tokens_.get_or_request(client_credentials_key(scopes, resources), [&] {
    return request_token(client_credentials_form(scopes, resources), Grant::client_credentials);
  });
}

Result<TokenResponse> Client::Core::exchange(const ExchangeOptions& options) {
  if (auto ok = check_may_request_tokens(); !ok) return Err(std::move(ok).error());
  const auto normalized = normalize(options);
  if (!normalized) return Err(normalized.error());
  const auto request = [&] { return request_token(exchange_form(*normalized), Grant::token_exchange); };
  if (!settings_.cache_exchanges) return request();
  const auto left = remaining_lifetime(normalized->subject_token, settings_.seams.clock->now_seconds());
  return tokens_.get_or_request(exchange_key(*normalized), request,
                                std::min(left.value_or(kLongestExchange), kLongestExchange));
}

Result<Introspection> Client::Core::introspect(std::string_view token) {
  if (auto ok = check_open(); !ok) return Err(std::move(ok).error());
  if (is_blank(token)) return Err(ErrorCode::invalid_argument, "introspect: token is required");
  return call(
      {&Metadata::introspection_endpoint, "introspection_endpoint"}, introspection_form(token),
      [&](std::string_view body) { return parse_introspection(body, settings_.fetch.max_oauth_bytes); });
}

Result<void> Client::Core::revoke(std::string_view token, std::string_view token_type_hint) {
  if (auto ok = check_open(); !ok) return ok;
  if (is_blank(token)) return Err(ErrorCode::invalid_argument, "revoke: token is required");
  if (is_blank(token_type_hint)) return Err(ErrorCode::invalid_argument, "revoke: token_type_hint is blank");
  auto result =
      call({&Metadata::revocation_endpoint, "revocation_endpoint"}, revocation_form(token, token_type_hint),
           [](std::string_view) { return Result<void>(); });
  if (result) tokens_.drop_token(token);
  return result;
}

Result<Headers> Client::Core::dpop_headers(std::string_view method, std::string_view url,
                                           std::string_view access_token) {
  if (auto ok = check_open(); !ok) return Err(std::move(ok).error());
  if (!settings_.dpop)
    return Err(ErrorCode::invalid_argument, "dpop_headers: the client has no key; set option dpop");
  return settings_.dpop->headers(method, url, access_token);
}

}  // namespace authplane
