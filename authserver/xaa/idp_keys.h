#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>
#include <authplane/jose/jwks.h>

#include "authserver/domain/xaa.h"
#include "authserver/outbound/fetch_threads.h"

namespace authplane::authserver {

// The keys of trusted identity providers, fetched when they are first asked for and again when they are due
// or an assertion names a key that is not among them. Clients choose the kid, so fetches are bounded: one at
// a time for a provider, kMostFetches altogether, none within kPause of a failure, and one in kPause for keys
// nobody has heard of. Keys that are due and cannot be fetched are not used any longer. Thread-safe.
class IdpKeys {
 public:
  static constexpr std::size_t kMostFetches = 8;
  static constexpr std::chrono::seconds kPause{30};

  struct Options {
    std::chrono::seconds lifetime{3600};  // longest, > 0; a provider may ask for less
    bool allow_http = false;              // where a provider's metadata may say its keys are
  };
  struct Deps {
    std::shared_ptr<HttpTransport> transport;  // guarded (net::make_guarded_transport)
    const Clock& clock;
    Logger& logger;
  };
  using Keys = std::shared_ptr<const JwkSet>;

  // The references outlive the object.
  IdpKeys(Options options, Deps deps) : options_(options), deps_(std::move(deps)) {}

  // Fetches the keys of the provider when that is due, or when `kid` ("" = any) is not among them and may be
  // looked for. `done` is called exactly once: now, when nothing has to be fetched, else by the thread that
  // fetches.
  void prepare(const TrustedIdp& idp, std::string_view kid, std::function<void()> done)
      AUTHPLANE_EXCLUDES(mutex_);
  // The keys as prepare() left them. Errors: jwks_unavailable.
  Result<Keys> keys(std::string_view idp_id) const AUTHPLANE_EXCLUDES(mutex_);
  // Forgets what is known of the provider and fetches its keys now, waiting for them. Errors:
  // jwks_unavailable.
  Result<void> refresh(const TrustedIdp& idp);
  void forget(std::string_view idp_id) AUTHPLANE_EXCLUDES(mutex_);
  // Where the metadata of an issuer says its keys are; asks it now, waiting. Errors: invalid_argument,
  // metadata_fetch_error; each names URL and cause.
  Result<std::string> discover(std::string_view issuer) const;
  bool allows_http() const { return options_.allow_http; }

  // Returns when no fetch is under way and every `done` has returned.
  void wait_until_idle() { threads_.wait_until_idle(); }

 private:
  // What is known of one provider.
  struct Entry {
    std::optional<Result<Keys>> known;  // the keys or why there are none
    SteadyTime due_at = SteadyTime::min();
    SteadyTime next_search = SteadyTime::min();
    std::vector<std::function<void()>> waiting;  // for the fetch under way, when there is one
    bool is_fetching = false;
  };

  static bool is_due(const Entry& entry, std::string_view kid, SteadyTime now);
  void land(Entry& entry, Result<Keys> keys, SteadyTime due_at) AUTHPLANE_EXCLUDES(mutex_);
  void fetch(Entry& entry, const TrustedIdp& idp);
  Result<std::pair<Keys, std::chrono::seconds>> load(const TrustedIdp& idp) const;

  const Options options_;
  const Deps deps_;
  mutable Mutex mutex_;
  // An entry outlives its place here while it is being fetched for.
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_ AUTHPLANE_GUARDED_BY(mutex_);
  FetchThreads threads_{kMostFetches};  // last: its threads use everything above
};

}  // namespace authplane::authserver
