#include "authserver/xaa/idp_keys.h"

#include <future>
#include <utility>

#include "authserver/outbound/document.h"
#include "authserver/outbound/openid_configuration.h"

namespace authplane::authserver {

bool IdpKeys::is_due(const Entry& entry, std::string_view kid, SteadyTime now) {
  if (!entry.known || now >= entry.due_at) return true;
  const Result<Keys>& keys = *entry.known;
  return keys && !kid.empty() && !(*keys)->has_kid(kid) && now >= entry.next_search;
}

void IdpKeys::prepare(const TrustedIdp& idp, std::string_view kid, std::function<void()> done) {
  std::shared_ptr<Entry> entry;
  {
    const SteadyTime now = deps_.clock.steady_now();
    MutexLock lock(mutex_);
    std::shared_ptr<Entry>& place = entries_[idp.id];
    if (!place) place = std::make_shared<Entry>();
    if (is_due(*place, kid, now)) {
      entry = place;
      entry->waiting.push_back(std::move(done));
      if (std::exchange(entry->is_fetching, true)) return;
      entry->next_search = now + kPause;
    }
  }
  if (!entry) return done();
  if (threads_.run([this, entry, idp] { fetch(*entry, idp); })) return;
  // Not the provider's fault: the next request may try again at once.
  land(*entry, Err(ErrorCode::jwks_unavailable, "too many key sets are being fetched"), SteadyTime::min());
}

void IdpKeys::fetch(Entry& entry, const TrustedIdp& idp) {
  auto loaded = load(idp);
  const SteadyTime now = deps_.clock.steady_now();
  if (loaded) return land(entry, std::move(loaded->first), now + loaded->second);
  deps_.logger.error("keys of an identity provider not fetched",
                     {{"issuer", idp.issuer}, {"cause", loaded.error().message}});
  land(entry, Err(std::move(loaded).error()), now + kPause);
}

void IdpKeys::land(Entry& entry, Result<Keys> keys, SteadyTime due_at) {
  std::vector<std::function<void()>> waiting;
  {
    const SteadyTime now = deps_.clock.steady_now();
    MutexLock lock(mutex_);
    // A search for a key nobody has heard of does not cost the others theirs.
    const bool keeps = !keys && entry.known && *entry.known && now < entry.due_at;
    if (!keeps) {
      entry.known = std::move(keys);
      entry.due_at = due_at;
    }
    entry.is_fetching = false;
    waiting = std::exchange(entry.waiting, {});
  }
  for (const auto& done : waiting) done();
}

Result<IdpKeys::Keys> IdpKeys::keys(std::string_view idp_id) const {
  MutexLock lock(mutex_);
  const auto found = entries_.find(idp_id);
  if (found != entries_.end() && found->second->known) return *found->second->known;
  return Err(ErrorCode::jwks_unavailable, "the keys have been forgotten meanwhile");
}

Result<std::pair<IdpKeys::Keys, std::chrono::seconds>> IdpKeys::load(const TrustedIdp& idp) const {
  Result<std::string> jwks_uri = idp.jwks_uri;
  if (idp.jwks_uri.empty()) jwks_uri = discover(idp.issuer);
  if (!jwks_uri) return Err(ErrorCode::jwks_unavailable, jwks_uri.error().message);
  const auto url = Url::parse(*jwks_uri);
  if (!url) return Err(ErrorCode::jwks_unavailable, "jwks_uri: " + url.error().message);
  auto fetched = fetch_key_set(*deps_.transport, *url, options_.lifetime, deps_.clock);
  if (!fetched) return Err(std::move(fetched).error());
  return std::pair(std::make_shared<const JwkSet>(std::move(fetched->keys)), fetched->lifetime);
}

Result<std::string> IdpKeys::discover(std::string_view issuer) const {
  const auto jwks_uri = discover_jwks_uri(*deps_.transport, issuer, options_.allow_http);
  if (!jwks_uri) return Err(jwks_uri.error());
  return jwks_uri->text();
}

Result<void> IdpKeys::refresh(const TrustedIdp& idp) {
  forget(idp.id);
  // Shared: the thread that answers may still be inside set_value() when this one goes on.
  const auto fetched = std::make_shared<std::promise<void>>();
  prepare(idp, "", [fetched] { fetched->set_value(); });
  fetched->get_future().wait();
  const auto keys = this->keys(idp.id);
  if (!keys) return Err(keys.error());
  return {};
}

void IdpKeys::forget(std::string_view idp_id) {
  MutexLock lock(mutex_);
  if (const auto found = entries_.find(idp_id); found != entries_.end()) entries_.erase(found);
}

}  // namespace authplane::authserver
