#include "authserver/broker/reencryption.h"

#include <optional>
#include <utility>

#include "authserver/sealing/owner.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kPage = 200;
// How often others may change one row while it is being worked on.
constexpr int kTries = 20;

enum class Done { sealed, current, unreadable };

class Work {
 public:
  Work(BrokerProviderStore& providers, BrokerGrantStore& grants, Sealer& sealer, const Clock& clock,
       const std::function<void(const std::string&)>& unreadable)
      : providers_(providers), grants_(grants), sealer_(sealer), clock_(clock), unreadable_(unreadable) {}

  Outcome<Reencrypted> run() {
    const auto providers = providers_.list();
    if (!providers) return Err(providers.error());
    for (const BrokerProvider& provider : *providers) {
      const auto done = work_on(provider);
      if (!done) return Err(done.error());
      count(*done, result_.providers, "the secrets of provider " + provider.slug);
    }
    std::string after;
    for (;;) {
      const auto page = grants_.list_after(after, kPage);
      if (!page) return Err(page.error());
      if (page->empty()) return result_;
      for (const BrokerGrant& grant : *page) {
        const auto done = work_on(grant);
        if (!done) return Err(done.error());
        count(*done, result_.grants, "the credential of grant " + grant.id + " of user " + grant.user_id);
      }
      after = page->back().id;
    }
  }

 private:
  // What has to be stored instead; nullopt: nothing, and `done` says why.
  Outcome<std::optional<std::string>> sealed_anew(std::string_view sealed, const std::string& owner,
                                                  Done& done) {
    const auto opened = sealer_.open(sealed, owner);
    done = !opened ? Done::unreadable : opened->is_outdated ? Done::sealed : Done::current;
    if (done != Done::sealed) return std::optional<std::string>();
    auto again = sealer_.seal(opened->text.expose(), owner);
    if (!again) return Err(again.error());
    return std::optional(std::move(*again));
  }

  Outcome<Done> work_on(BrokerProvider provider) {
    for (int i = 0; i < kTries && !provider.sealed_secrets.empty(); ++i) {
      Done done = Done::current;
      auto sealed = sealed_anew(provider.sealed_secrets, provider_owner(provider.id), done);
      if (!sealed) return Err(sealed.error());
      if (!*sealed) return done;
      provider.sealed_secrets = std::move(**sealed);
      provider.enc_backend = std::string(sealer_.driver());
      const auto stored = providers_.update(provider);
      if (stored) return Done::sealed;
      if (!has_moved(stored.error())) return Err(stored.error());
      auto now = providers_.find(provider.id);
      if (!now) return Err(now.error());
      if (!*now) return Done::current;
      provider = std::move(**now);
    }
    return finished(provider.sealed_secrets);
  }

  Outcome<Done> work_on(BrokerGrant grant) {
    for (int i = 0; i < kTries && grant.is_active(); ++i) {
      Done done = Done::current;
      const auto sealed = sealed_anew(grant.credential, grant_owner(grant.user_id, grant.provider_id), done);
      if (!sealed) return Err(sealed.error());
      if (!*sealed) return done;
      const auto stored =
          grants_.replace_credential(grant.id, grant.version, **sealed, sealer_.driver(), clock_.now());
      if (stored) return Done::sealed;
      if (!has_moved(stored.error())) return Err(stored.error());
      auto now = grants_.get(grant.id);
      if (!now && now.error().code == DomainErrorCode::not_found) return Done::current;
      if (!now) return Err(now.error());
      grant = std::move(*now);
    }
    return finished(grant.is_active() ? grant.credential : std::string());
  }

  static bool has_moved(const DomainError& error) {
    return error.code == DomainErrorCode::conflict || error.code == DomainErrorCode::not_found;
  }
  // Nothing (left) to do, or no try left.
  static Outcome<Done> finished(const std::string& sealed) {
    if (sealed.empty()) return Done::current;
    return fail(DomainErrorCode::conflict, "a row keeps changing; run the command again");
  }

  void count(Done done, std::size_t& sealed, const std::string& what) {
    if (done == Done::sealed) ++sealed;
    if (done == Done::current) ++result_.current;
    if (done != Done::unreadable) return;
    ++result_.unreadable;
    unreadable_(what);
  }

  BrokerProviderStore& providers_;
  BrokerGrantStore& grants_;
  Sealer& sealer_;
  const Clock& clock_;
  const std::function<void(const std::string&)>& unreadable_;
  Reencrypted result_;
};

}  // namespace

Outcome<Reencrypted> reencrypt_credentials(BrokerProviderStore& providers, BrokerGrantStore& grants,
                                           Sealer& sealer, const Clock& clock,
                                           const std::function<void(const std::string&)>& unreadable) {
  return Work(providers, grants, sealer, clock, unreadable).run();
}

}  // namespace authplane::authserver
