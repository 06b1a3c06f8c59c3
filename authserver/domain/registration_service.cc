#include "authserver/domain/registration_service.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kPurgeBatch = 500;
// One registration in that many looks whether there are too many; less than kPurgeBatch.
constexpr std::uint64_t kBoundEvery = 100;

}  // namespace

Outcome<RegisteredClient> RegistrationService::register_client(ClientRegistration wanted,
                                                               const Actor& actor) {
  if (const auto admitted = policy_.admit(wanted.redirect_uris); !admitted) return Err(admitted.error());
  if (!wanted.grant_types) wanted.grant_types = {"authorization_code", "refresh_token"};
  wanted.source = RegistrationSource::dcr;
  wanted.scope = policy_.ceiling(*wanted.grant_types);
  auto registered = clients_.create(wanted, actor);
  if (registered) bound_.registered();
  return registered;
}

void UnusedClientBound::registered() {
  if (registered_.fetch_add(1, std::memory_order_relaxed) % kBoundEvery != 0) return;
  const WallTime now = clock_.now();
  const auto removed = store_.purge_unused({.source = source_,
                                            .registered_before = WallTime::max(),
                                            .keep_newest = kMaxUnusedClients,
                                            .limit = kPurgeBatch},
                                           now);
  if (!removed) {
    logger_.warn("unused clients not deleted", {{"cause", removed.error().detail}});
  } else if (*removed != 0) {
    logger_.warn("too many unused clients; the oldest were deleted", {{"count", *removed}});
  }
}

Outcome<std::size_t> purge_unused_clients(ClientStore& store, WallTime now) {
  std::size_t removed = 0;
  for (const RegistrationSource source : {RegistrationSource::dcr, RegistrationSource::cimd}) {
    const auto purged = store.purge_unused({.source = source,
                                            .registered_before = now - kUnusedClientLifetime,
                                            .keep_newest = 0,
                                            .limit = kPurgeBatch},
                                           now);
    if (!purged) return purged;
    removed += *purged;
  }
  return removed;
}

}  // namespace authplane::authserver
