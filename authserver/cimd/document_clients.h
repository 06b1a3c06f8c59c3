#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>

#include "authserver/cimd/document_fetcher.h"
#include "authserver/domain/client_lookup.h"
#include "authserver/domain/client_service.h"
#include "authserver/domain/registration_policy.h"
#include "authserver/domain/registration_service.h"
#include "authserver/outbound/fetch_threads.h"

namespace authplane::authserver {

// Clients that are identified by the URL of their metadata document, beside those of the store. prepare()
// fetches the document when it is due and writes the client down, so that whatever follows (consent, tokens,
// the operator) finds an ordinary row; find() never fetches.
//
// A client whose document could not be used on the last attempt is not found, even where an older row exists.
// What the operator has suspended or revoked is left alone. While only the operator may register clients, no
// document is read, and clients that are known stay as they are. Strangers choose the URLs, so fetches are
// bounded: one at a time for a URL, kMostFetchesOfAHost for a host, kMostFetches altogether, and none within
// kFailureLifetime of a failure. Thread-safe.
class DocumentClients final : public ClientLookup {
 public:
  static constexpr std::size_t kMostFetches = 16;
  static constexpr std::size_t kMostFetchesOfAHost = 4;
  static constexpr std::chrono::seconds kFailureLifetime{30};
  static constexpr std::size_t kMostRemembered = 4096;

  struct Options {
    bool allow_http = false;
    std::chrono::seconds cache_ttl{3600};  // > 0
    GrantSwitches grants;
  };
  struct Deps {
    std::shared_ptr<HttpTransport> transport;  // guarded, see DocumentFetcher
    const RegistrationPolicy& policy;
    ClientStore& store;
    AuditService& audit;
    Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };

  // What `deps` refers to outlives the object.
  DocumentClients(const Options& options, Deps deps);

  Outcome<ClientPtr> find(std::string_view client_id) override;
  void prepare(std::string_view client_id, std::function<void()> done) override AUTHPLANE_EXCLUDES(mutex_);
  // Returns when no fetch is under way and every `done` has returned.
  void wait_until_idle() { threads_.wait_until_idle(); }

 private:
  using Done = std::function<void()>;
  // How the last attempt ended.
  struct Known {
    SteadyTime until;
    std::optional<DomainError> failure;
  };

  enum class Seat { known, known_failure, shared, first };
  // Takes `done` when somebody has to wait: with the fetch under way, or as the first of a new one.
  Seat board(const std::string& id, Done& done) AUTHPLANE_EXCLUDES(mutex_);
  const Known* known(const std::string& id, SteadyTime now) const AUTHPLANE_REQUIRES(mutex_);
  void remember(const std::string& id, Known outcome) AUTHPLANE_REQUIRES(mutex_);
  // Ends the fetch for `id` and calls who waited for it.
  void land(const std::string& id, std::optional<Known> outcome) AUTHPLANE_EXCLUDES(mutex_);
  // Whether the host may be asked once more at the same time; who may says when it is over.
  bool enter(const std::string& host) AUTHPLANE_EXCLUDES(mutex_);
  void leave(const std::string& host) AUTHPLANE_EXCLUDES(mutex_);
  // How it ended; nullopt when nothing was to be done.
  std::optional<Known> refresh(const Url& url);
  Outcome<bool> is_to_be_fetched(const std::string& id) const;
  Outcome<DocumentFetcher::Fetched> timed_fetch(const Url& url);
  Outcome<void> write(const std::string& id, const ClientDocument& document);
  // One attempt; conflict when somebody else was faster.
  Outcome<void> write_once(const std::string& id, const ClientDocument& document);
  // After a failure of this server, and after one of the document or its host.
  Known failed(const std::string& id, DomainError error) const;
  Known refused(const std::string& id, DomainError error) const;

  const Options options_;
  const Deps deps_;
  const DocumentFetcher fetcher_;
  UnusedClientBound bound_;
  mutable Mutex mutex_;
  std::unordered_map<std::string, Known> known_ AUTHPLANE_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::vector<Done>> waiting_ AUTHPLANE_GUARDED_BY(mutex_);  // by fetch
  std::unordered_map<std::string, std::size_t> asked_ AUTHPLANE_GUARDED_BY(mutex_);  // hosts, none 0 times
  FetchThreads threads_{kMostFetches};  // last: its threads use everything above
};

}  // namespace authplane::authserver
