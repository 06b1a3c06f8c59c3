#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>
#include <authplane/client/jwks_cache.h>
#include <authplane/jose/jwks.h>

#include "authserver/domain/metrics.h"
#include "authserver/federation/provider_metadata.h"

namespace authplane::authserver {

// Metadata and keys of the provider, fetched once at start and again when they are due. What could not be
// fetched again stays in use, keys for kMaxStaleKeys at most. Thread-safe.
class ProviderDocuments final : public KeySource {
 public:
  static constexpr std::chrono::hours kMetadataLifetime{1};
  static constexpr std::chrono::minutes kKeyLifetime{5};
  static constexpr std::chrono::hours kMaxStaleKeys{24};
  // After a failure, and between fetches for a key nobody has heard of.
  static constexpr std::chrono::seconds kPause{30};

  struct Deps {
    std::shared_ptr<HttpTransport> transport;  // guarded, see make_provider_transport()
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the object.
  ProviderDocuments(std::string issuer, bool allow_http, Deps deps)
      : issuer_(std::move(issuer)), allow_http_(allow_http), deps_(std::move(deps)) {}

  // Fetches both, before anything else is called. Errors: invalid_argument, metadata_fetch_error,
  // jwks_unavailable; each names URL and cause.
  Result<void> load();
  std::shared_ptr<const ProviderMetadata> metadata() const;
  bool is_due() const { return due().metadata || due().keys; }
  // Fetches what is due, in the calling thread.
  void refresh();
  // Refreshes what is due; for a kid that is not known, fetches the keys once. Errors: invalid_signature (no
  // such key), jwks_unavailable.
  Result<PublicKey> find_key(std::string_view kid, JwsAlgorithm algorithm) override;

 private:
  template <class T>
  struct Copy {
    std::shared_ptr<const T> document;
    SteadyTime fetched_at{}, due_at{};
  };

  struct Due {
    bool metadata, keys;
  };

  Result<void> fetch_metadata() AUTHPLANE_REQUIRES(fetching_);
  Result<void> fetch_keys() AUTHPLANE_REQUIRES(fetching_);
  Due due() const;
  Result<std::shared_ptr<const JwkSet>> usable_keys() const;
  void count(const char* metric) const { deps_.metrics.counter(metric, {}).add(); }

  const std::string issuer_;
  const bool allow_http_;
  const Deps deps_;
  Mutex fetching_;  // one fetch at a time: who waits finds what it brought
  SteadyTime next_search_ AUTHPLANE_GUARDED_BY(fetching_) = SteadyTime::min();
  mutable Mutex mutex_;  // never held during a fetch
  Copy<ProviderMetadata> metadata_ AUTHPLANE_GUARDED_BY(mutex_);
  Copy<JwkSet> keys_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::authserver
