#include "authserver/federation/provider_documents.h"

#include <authplane/base/encoding.h>
#include <authplane/client/document_lifetime.h>

#include "authserver/outbound/document.h"
#include "authserver/outbound/openid_configuration.h"

namespace authplane::authserver {

Result<void> ProviderDocuments::load() {
  MutexLock one(fetching_);
  if (auto done = fetch_metadata(); !done) return done;
  return fetch_keys();
}

std::shared_ptr<const ProviderMetadata> ProviderDocuments::metadata() const {
  MutexLock lock(mutex_);
  return metadata_.document;
}

ProviderDocuments::Due ProviderDocuments::due() const {
  const SteadyTime now = deps_.clock.steady_now();
  MutexLock lock(mutex_);
  return {now >= metadata_.due_at, now >= keys_.due_at};
}

void ProviderDocuments::refresh() {
  MutexLock one(fetching_);
  const SteadyTime again_at = deps_.clock.steady_now() + kPause;
  const auto keep = [this](std::string_view what, const Error& error) {
    deps_.logger.warn("document of the sign-in provider not renewed; the one before stays in use",
                      {{"document", what}, {"cause", error.message}});
  };
  if (due().metadata) {
    if (const auto fetched = fetch_metadata(); !fetched) {
      keep("metadata", fetched.error());
      MutexLock lock(mutex_);
      metadata_.due_at = again_at;
    }
  }
  // The metadata may just have moved them.
  if (due().keys) {
    if (const auto fetched = fetch_keys(); !fetched) {
      keep("keys", fetched.error());
      MutexLock lock(mutex_);
      keys_.due_at = again_at;
    }
  }
}

Result<void> ProviderDocuments::fetch_metadata() {
  const auto url = openid_configuration_url(issuer_);
  if (!url) return Err(url.error());
  const auto response =
      fetch_document(*deps_.transport, *url, kMaxConfigurationBytes, ErrorCode::metadata_fetch_error);
  if (!response) return Err(response.error());
  auto parsed = parse_provider_metadata(response->body, issuer_, allow_http_);
  if (!parsed) return document_error(*url, parsed.error().code, parsed.error().message);
  const auto lifetime = document_lifetime(response->headers, deps_.clock.now(), kMetadataLifetime);
  const SteadyTime now = deps_.clock.steady_now();
  MutexLock lock(mutex_);
  if (metadata_.document && metadata_.document->jwks_uri.text() != parsed->jwks_uri.text())
    keys_.due_at = now;
  metadata_ = {std::make_shared<const ProviderMetadata>(std::move(*parsed)), now, now + lifetime};
  return {};
}

Result<void> ProviderDocuments::fetch_keys() {
  auto fetched = fetch_key_set(*deps_.transport, metadata()->jwks_uri, kKeyLifetime, deps_.clock);
  if (!fetched) return Err(std::move(fetched).error());
  const SteadyTime now = deps_.clock.steady_now();
  MutexLock lock(mutex_);
  keys_ = {std::make_shared<const JwkSet>(std::move(fetched->keys)), now, now + fetched->lifetime};
  return {};
}

Result<std::shared_ptr<const JwkSet>> ProviderDocuments::usable_keys() const {
  const SteadyTime now = deps_.clock.steady_now();
  MutexLock lock(mutex_);
  if (now - keys_.fetched_at > kMaxStaleKeys) {
    return Err(ErrorCode::jwks_unavailable,
               "the keys of " + issuer_ + " could not be renewed for a day; see the warnings before");
  }
  return keys_.document;
}

Result<PublicKey> ProviderDocuments::find_key(std::string_view kid, JwsAlgorithm algorithm) {
  if (is_due()) refresh();
  const auto keys = usable_keys();
  if (!keys) return Err(keys.error());
  if (const PublicKey* key = (*keys)->find(kid, algorithm)) {
    count("authserver_oidc_jwks_cache_hits_total");
    return *key;
  }
  count("authserver_oidc_jwks_cache_misses_total");
  MutexLock one(fetching_);
  auto newer = usable_keys();
  if (!newer) return Err(newer.error());
  const SteadyTime now = deps_.clock.steady_now();
  if (*newer == *keys && now >= next_search_) {
    next_search_ = now + kPause;
    if (auto fetched = fetch_keys(); !fetched) return Err(std::move(fetched).error());
    newer = usable_keys();
    if (!newer) return Err(newer.error());
  }
  if (const PublicKey* key = (*newer)->find(kid, algorithm)) return *key;
  return Err(ErrorCode::invalid_signature, "no key with kid '" + header_safe(kid.substr(0, 100)) + "' for " +
                                               std::string(to_string(algorithm)) + " among those of " +
                                               issuer_);
}

}  // namespace authplane::authserver
