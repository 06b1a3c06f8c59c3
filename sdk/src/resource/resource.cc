#include <authplane/resource/resource.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <authplane/client/client.h>

#include "dpop_policy.h"
#include "metadata.h"
#include "recent_tokens.h"
#include "rejection_log.h"
#include "token_verifier.h"
#include "verified_token_cache.h"

namespace authplane {
namespace {

using detail::ClaimsData;

Unexpected<Error> bad_option(std::string_view option, std::string_view problem) {
  return Err(ErrorCode::invalid_argument,
             "resource option " + std::string(option) + ": " + std::string(problem));
}

Result<void> check_options(const ResourceOptions& options, const std::vector<JwsAlgorithm>& algorithms,
                           const ResourceDependencies& dependencies) {
  if (dependencies.issuer.empty()) return bad_option("issuer", "must not be empty");
  if (!dependencies.keys) return bad_option("keys", "a key source is required");
  if (algorithms.empty()) return bad_option("allowed_algorithms", "must not be empty");
  for (JwsAlgorithm algorithm : algorithms) {
    if (algorithm != JwsAlgorithm::ES256 && algorithm != JwsAlgorithm::RS256) {
      return bad_option("allowed_algorithms",
                        std::string(to_string(algorithm)) + " is not one of ES256, RS256");
    }
  }
  for (const std::string& scope : options.scopes) {
    if (!is_scope_token(scope))
      return bad_option("scopes", "'" + scope + "' is not a scope token (RFC 6749 3.3)");
  }
  if (options.clock_skew < std::chrono::seconds(0) || options.clock_skew > std::chrono::seconds(300)) {
    return bad_option("clock_skew", "must be 0 to 300 s");
  }
  if (std::holds_alternative<IntrospectTokens>(options.revocation) && !dependencies.introspection) {
    return bad_option("revocation", "introspection needs a client");
  }
  if (const auto* checker = std::get_if<RevocationChecker>(&options.revocation); checker && !*checker) {
    return bad_option("revocation", "the checker is empty");
  }
  if (options.verified_tokens.enabled && options.verified_tokens.max_entries == 0) {
    return bad_option("verified_tokens.max_entries",
                      "must be positive; set enabled = false to switch the cache off");
  }
  if (!options.resource_metadata_url.empty() && !Url::parse(options.resource_metadata_url)) {
    return bad_option("resource_metadata_url", "must be an absolute URL");
  }
  return {};
}

RevocationChecker effective_checker(const ResourceOptions& options,
                                    const ResourceDependencies& dependencies) {
  if (std::holds_alternative<IntrospectTokens>(options.revocation)) return dependencies.introspection;
  if (const auto* checker = std::get_if<RevocationChecker>(&options.revocation)) return *checker;
  return {};
}

// The application's code: whatever it throws is an answer that did not come.
Result<bool> ask(const RevocationChecker& checker, const VerifiedClaims& claims, std::string_view token) {
  try {
    return checker(claims, token);
  } catch (const std::exception& error) {
    return Err(ErrorCode::runtime_error, std::string("the revocation checker threw: ") + error.what());
  } catch (...) {
    return Err(ErrorCode::runtime_error,
               "the revocation checker threw something that is not a std::exception");
  }
}

bool is_blank(std::string_view token) {
  return token.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

}  // namespace

struct Resource::Core {
  Core(ResourceIdentifier id, ResourceDependencies deps, ResourceOptions opts,
       std::vector<JwsAlgorithm> algorithms, detail::DpopPolicy proofs)
      : identifier(std::move(id)),
        dependencies(std::move(deps)),
        options(std::move(opts)),
        dpop(std::move(proofs)),
        metadata(detail::protected_resource_metadata(identifier.text(), dependencies.issuer, options.scopes,
                                                     dpop)),
        checker(effective_checker(options, dependencies)),
        verifier({dependencies.issuer, identifier.text(), std::move(algorithms)}, dependencies.keys),
        log(dependencies.clock, dependencies.logger) {
    if (options.verified_tokens.enabled) cache.emplace(options.verified_tokens.max_entries);
  }

  Result<std::shared_ptr<const ClaimsData>> authenticate(std::string_view token, WallTime now) const;
  Result<void> check_revocation(const VerifiedClaims& claims, std::string_view token) const;

  const ResourceIdentifier identifier;
  const ResourceDependencies dependencies;
  const ResourceOptions options;
  const detail::DpopPolicy dpop;
  const std::string metadata;
  const RevocationChecker checker;
  // Synchronise themselves.
  const detail::TokenVerifier verifier;
  const detail::RecentTokens recent_tokens;
  mutable std::optional<detail::VerifiedTokenCache> cache;
  mutable detail::RejectionLog log;
};

Result<Resource> Resource::create(const Client& client, std::string_view uri, ResourceOptions options) {
  // Clock, logger and keys live as long as a copy of the client does, and the resource holds one.
  auto holder = std::make_shared<const Client>(client);
  ResourceDependencies dependencies;
  dependencies.issuer = client.issuer();
  dependencies.keys = client.keys();
  dependencies.allowed_algorithms = client.allowed_algorithms();
  dependencies.clock = std::shared_ptr<const Clock>(holder, &holder->clock());
  dependencies.logger = std::shared_ptr<Logger>(holder, &holder->logger());
  dependencies.introspection = [holder](const VerifiedClaims&, std::string_view token) -> Result<bool> {
    auto answer = holder->introspect(token);
    if (!answer) return Err(std::move(answer.error()));
    return !answer->active;
  };
  return create(std::move(dependencies), uri, std::move(options));
}

Result<Resource> Resource::create(ResourceDependencies dependencies, std::string_view uri,
                                  ResourceOptions options) {
  auto identifier = ResourceIdentifier::parse(uri);
  if (!identifier) return Err(std::move(identifier.error()));
  std::vector<JwsAlgorithm> algorithms = options.allowed_algorithms.value_or(dependencies.allowed_algorithms);
  if (auto checked = check_options(options, algorithms, dependencies); !checked) {
    return Err(std::move(checked.error()));
  }
  if (!dependencies.clock) dependencies.clock = std::make_shared<SystemClock>();
  if (!dependencies.logger) dependencies.logger = std::make_shared<NullLogger>();
  auto dpop = detail::DpopPolicy::create(options.dpop, *identifier, dependencies.clock, dependencies.logger);
  if (!dpop) return Err(std::move(dpop.error()));
  return Resource(std::make_shared<const Core>(std::move(*identifier), std::move(dependencies),
                                               std::move(options), std::move(algorithms), std::move(*dpop)));
}

Result<VerifiedClaims> Resource::verify(std::string_view token, const RequestContext* request) const {
  if (is_blank(token))
    return Err(ErrorCode::token_missing, "no access token; send 'Authorization: Bearer <token>'");
  if (token.size() > detail::kMaxTokenBytes) {
    return Err(ErrorCode::invalid_claims,
               "the token is longer than " + std::to_string(detail::kMaxTokenBytes) + " bytes");
  }
  const WallTime now = core_->dependencies.clock->now();
  auto data = core_->authenticate(token, now);
  if (!data) return Err(std::move(data.error()));
  auto proof = core_->dpop.check(**data, token, request, now);
  if (!proof) return Err(std::move(proof.error()));
  VerifiedClaims claims(std::move(*data), std::move(*proof));
  if (core_->checker) {
    if (auto revocation = core_->check_revocation(claims, token); !revocation)
      return Err(std::move(revocation.error()));
  }
  return claims;
}

// Signature, claims and times, from memory when this very token passed under these very keys.
Result<std::shared_ptr<const ClaimsData>> Resource::Core::authenticate(std::string_view token,
                                                                       WallTime now) const {
  const std::optional<std::uint64_t> generation = dependencies.keys->generation();
  const bool cacheable = cache && generation;
  std::shared_ptr<const ClaimsData> claims;
  std::optional<Sha256Digest> digest;
  if (cacheable) claims = recent_tokens.find(token, *generation);
  if (cacheable && !claims) {
    digest = sha256(token);
    claims = cache->find(*digest, *generation);
    if (claims) recent_tokens.remember(token, claims, *generation);
  }
  const bool known = claims != nullptr;
  if (!known) {
    auto verified = verifier.verify(token, generation);
    if (!verified) return verified;
    claims = std::move(*verified);
  }
  if (auto times = detail::check_times(*claims, now, options.clock_skew); !times) {
    if (known && times.error().code == ErrorCode::token_expired) {
      recent_tokens.forget(token);
      cache->erase(sha256(token));
    }
    return Err(std::move(times.error()));
  }
  if (cacheable && !known) cache->insert(*digest, claims, *generation);
  return claims;
}

Result<void> Resource::Core::check_revocation(const VerifiedClaims& claims, std::string_view token) const {
  auto revoked = ask(checker, claims, token);
  if (revoked) {
    if (!*revoked) return {};
    return Err(ErrorCode::token_inactive, "the token was revoked, or this server may not ask about it");
  }
  Error error;
  error.code = ErrorCode::revocation_check_failed;
  error.message = "could not find out whether the token was revoked: " + revoked.error().message;
  if (options.revocation_failure == RevocationFailure::fail_closed) return Err(std::move(error));
  log.warn("token accepted without a revocation check", identifier.text(), error);
  return {};
}

const std::string& Resource::uri() const {
  return core_->identifier.text();
}
const std::string& Resource::issuer() const {
  return core_->dependencies.issuer;
}
const std::vector<std::string>& Resource::scopes() const {
  return core_->options.scopes;
}
const ResourceIdentifier& Resource::identifier() const {
  return core_->identifier;
}
const std::string& Resource::metadata_json() const {
  return core_->metadata;
}
const std::string& Resource::metadata_path() const {
  return core_->identifier.metadata_path();
}
const std::string& Resource::metadata_url() const {
  return core_->identifier.metadata_url();
}

ChallengeOptions Resource::challenge_options() const {
  ChallengeOptions options;
  options.realm = uri();
  options.resource_metadata =
      core_->options.resource_metadata_url.empty() ? metadata_url() : core_->options.resource_metadata_url;
  if (dpop_required()) {
    for (JwsAlgorithm algorithm : core_->dpop.algorithms()) {
      if (!options.dpop_algs.empty()) options.dpop_algs += ' ';
      options.dpop_algs += to_string(algorithm);
    }
  }
  return options;
}

bool Resource::dpop_configured() const {
  return core_->dpop.configured();
}
bool Resource::dpop_required() const {
  return core_->dpop.required();
}
std::string Resource::next_dpop_nonce(const VerifiedClaims& claims) const {
  return claims.dpop_proof() ? core_->dpop.next_nonce(*claims.dpop_proof()) : std::string();
}
const std::shared_ptr<const Clock>& Resource::clock() const {
  return core_->dependencies.clock;
}
const std::shared_ptr<Logger>& Resource::logger() const {
  return core_->dependencies.logger;
}

}  // namespace authplane
