#include "authserver/cimd/document_clients.h"

#include "authserver/cimd/client_url.h"

namespace authplane::authserver {
namespace {

// After a failure that is not the document's: soon again.
constexpr std::chrono::seconds kBusyLifetime{1};

DomainError not_found(std::string detail) {
  return {DomainErrorCode::not_found, "client not found", std::move(detail)};
}

std::string cause_of(const DomainError& error) {
  return error.detail.empty() ? error.description : error.detail;
}

// Whether the failure is the server's own and passes.
bool is_ours(const DomainError& error) {
  return error.code == DomainErrorCode::unavailable || error.code == DomainErrorCode::internal;
}

}  // namespace

DocumentClients::DocumentClients(const Options& options, Deps deps)
    : options_(options),
      deps_(std::move(deps)),
      fetcher_(deps_.transport, options.cache_ttl, deps_.clock),
      bound_(RegistrationSource::cimd, deps_.store, deps_.clock, deps_.logger) {}

Outcome<ClientPtr> DocumentClients::find(std::string_view client_id) {
  if (!is_client_url(client_id)) return deps_.store.get(client_id);
  const auto url = check_client_url(client_id, options_.allow_http);
  if (!url) return Err(not_found(url.error().message));
  std::optional<DomainError> failure;
  {
    const SteadyTime now = deps_.clock.steady_now();
    MutexLock lock(mutex_);
    if (const Known* outcome = known(url->text(), now)) failure = outcome->failure;
  }
  if (!failure) return deps_.store.get(client_id);
  if (failure->code != DomainErrorCode::unavailable) return Err(std::move(*failure));
  // Nothing is known against the client: what its document said last stands.
  auto stored = deps_.store.get(client_id);
  if (!stored && stored.error().code == DomainErrorCode::not_found) return Err(std::move(*failure));
  return stored;
}

void DocumentClients::prepare(std::string_view client_id, std::function<void()> done) {
  if (!is_client_url(client_id)) return done();
  const auto url = check_client_url(client_id, options_.allow_http);
  if (!url) return done();
  const auto suppressed = [this](std::string_view reason) {
    deps_.metrics.counter("authserver_cimd_fetches_suppressed_total", {{"reason", reason}}).add();
  };
  const std::string& id = url->text();
  switch (board(id, done)) {
    case Seat::known:
      return done();
    case Seat::known_failure:
      suppressed("negative_cache");
      return done();
    case Seat::shared:
      return suppressed("shared");
    case Seat::first:
      break;
  }
  const std::string& host = url->host();
  if (enter(host)) {
    const bool runs = threads_.run([this, url = *url] {
      auto outcome = refresh(url);
      leave(url.host());  // first: who is called now may ask that host again
      land(url.text(), std::move(outcome));
    });
    if (runs) return;
    leave(host);
  }
  suppressed("limit");
  DomainError busy{DomainErrorCode::unavailable, "too many clients are being looked up; try again", ""};
  land(id, Known{deps_.clock.steady_now() + kBusyLifetime, std::move(busy)});
}

DocumentClients::Seat DocumentClients::board(const std::string& id, Done& done) {
  const SteadyTime now = deps_.clock.steady_now();
  MutexLock lock(mutex_);
  if (const Known* outcome = known(id, now)) return outcome->failure ? Seat::known_failure : Seat::known;
  const auto [flight, first] = waiting_.try_emplace(id);
  flight->second.push_back(std::move(done));
  return first ? Seat::first : Seat::shared;
}

const DocumentClients::Known* DocumentClients::known(const std::string& id, SteadyTime now) const {
  const auto found = known_.find(id);
  return found == known_.end() || found->second.until <= now ? nullptr : &found->second;
}

void DocumentClients::remember(const std::string& id, Known outcome) {
  if (known_.size() >= kMostRemembered && !known_.contains(id)) {
    const SteadyTime now = deps_.clock.steady_now();
    std::erase_if(known_, [&](const auto& entry) { return entry.second.until <= now; });
    if (known_.size() >= kMostRemembered) known_.erase(known_.begin());
  }
  known_.insert_or_assign(id, std::move(outcome));
}

void DocumentClients::land(const std::string& id, std::optional<Known> outcome) {
  std::vector<Done> waiting;
  {
    MutexLock lock(mutex_);
    if (outcome) remember(id, std::move(*outcome));
    const auto flight = waiting_.find(id);
    waiting = std::move(flight->second);
    waiting_.erase(flight);
  }
  for (const Done& done : waiting) done();
}

bool DocumentClients::enter(const std::string& host) {
  MutexLock lock(mutex_);
  std::size_t& times = asked_[host];
  if (times == kMostFetchesOfAHost) return false;
  ++times;
  return true;
}

void DocumentClients::leave(const std::string& host) {
  MutexLock lock(mutex_);
  const auto found = asked_.find(host);
  if (--found->second == 0) asked_.erase(found);
}

std::optional<DocumentClients::Known> DocumentClients::refresh(const Url& url) {
  const std::string& id = url.text();
  const auto wanted = is_to_be_fetched(id);
  if (!wanted) return failed(id, wanted.error());
  if (!*wanted) return std::nullopt;
  const auto fetched = timed_fetch(url);
  if (!fetched) return refused(id, fetched.error());
  if (const auto admitted = deps_.policy.admit(fetched->document.redirect_uris); !admitted)
    return failed(id, admitted.error());
  if (const auto written = write(id, fetched->document); !written) return failed(id, written.error());
  return Known{deps_.clock.steady_now() + fetched->lifetime, std::nullopt};
}

Outcome<bool> DocumentClients::is_to_be_fetched(const std::string& id) const {
  const auto stored = deps_.store.get(id);
  if (!stored && stored.error().code != DomainErrorCode::not_found) return Err(stored.error());
  if (stored && (*stored)->status != ClientStatus::active) return false;
  const auto mode = deps_.policy.mode();
  if (!mode) return Err(mode.error());
  return *mode != RegistrationMode::admin_only;
}

Outcome<DocumentFetcher::Fetched> DocumentClients::timed_fetch(const Url& url) {
  const SteadyTime started = deps_.clock.steady_now();
  auto fetched = fetcher_.fetch(url);
  const std::chrono::duration<double> seconds = deps_.clock.steady_now() - started;
  deps_.metrics
      .histogram("authserver_cimd_fetch_duration_seconds", {{"outcome", fetched ? "success" : "failure"}})
      .observe(seconds.count());
  return fetched;
}

Outcome<void> DocumentClients::write(const std::string& id, const ClientDocument& document) {
  auto written = write_once(id, document);
  if (!written && written.error().code == DomainErrorCode::conflict) written = write_once(id, document);
  return written;
}

Outcome<void> DocumentClients::write_once(const std::string& id, const ClientDocument& document) {
  const auto stored = deps_.store.get(id);
  Client client;
  if (stored) {
    client = **stored;
  } else {
    client.id = client.cimd_url = id;
    client.registration_source = RegistrationSource::cimd;
    client.response_types = {"code"};
    client.application_type = document.application_type;
    client.scope = deps_.policy.ceiling(document.grant_types);
    client.issued_at = client.updated_at = deps_.clock.now();
  }
  client.name = document.name;
  client.redirect_uris = document.redirect_uris;
  client.grant_types = document.grant_types;
  if (std::string problems = client_problems(client, options_.grants); !problems.empty())
    return fail(DomainErrorCode::invalid_client, "the client's metadata document cannot be used", problems);
  const Actor actor{id, ""};
  if (!stored) {
    if (const auto inserted = deps_.store.insert(client); !inserted) return inserted;
    deps_.audit.post("client.registered", actor, id, audit_detail({{"source", "cimd"}}));
    deps_.metrics.counter("authserver_clients_registered_total", {{"source", "cimd"}}).add();
    bound_.registered();
    return {};
  }
  if (client == **stored) return {};
  client.updated_at = deps_.clock.now();
  const auto updated = deps_.store.update(client);
  if (!updated) return Err(updated.error());
  deps_.audit.post("client.updated", actor, id, "");
  return {};
}

DocumentClients::Known DocumentClients::failed(const std::string& id, DomainError error) const {
  if (!is_ours(error)) return refused(id, std::move(error));
  deps_.logger.error("client document not stored", {{"client_id", id}, {"cause", cause_of(error)}});
  return {deps_.clock.steady_now() + kBusyLifetime, std::move(error)};
}

DocumentClients::Known DocumentClients::refused(const std::string& id, DomainError error) const {
  const bool may_pass = error.code == DomainErrorCode::unavailable;
  deps_.logger.info(may_pass ? "client document not reached" : "client document refused",
                    {{"client_id", id}, {"cause", cause_of(error)}});
  return {deps_.clock.steady_now() + kFailureLifetime,
          may_pass ? std::move(error) : not_found(cause_of(error))};
}

}  // namespace authplane::authserver
