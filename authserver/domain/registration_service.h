#pragma once

#include <atomic>
#include <cstdint>

#include "authserver/domain/client_service.h"
#include "authserver/domain/registration_policy.h"

namespace authplane::authserver {

// Clients nobody has used stay at least this long while there are not too many of them.
inline constexpr std::chrono::hours kUnusedClientLifetime{30 * 24};
inline constexpr std::size_t kMaxUnusedClients = 10'000;

// Keeps the clients of one source that were never used from piling up: the newest kMaxUnusedClients stay, so
// a flood of registrations costs a bounded table. Thread-safe.
class UnusedClientBound {
 public:
  // The references outlive the object.
  UnusedClientBound(RegistrationSource source, ClientStore& store, const Clock& clock, Logger& logger)
      : source_(source), store_(store), clock_(clock), logger_(logger) {}
  // To be called after each registration; looks once in a while.
  void registered();

 private:
  const RegistrationSource source_;
  ClientStore& store_;
  const Clock& clock_;
  Logger& logger_;
  std::atomic<std::uint64_t> registered_{0};
};

// Registers clients that nobody has vouched for (RFC 7591), as far as the policy lets them.
// Thread-safe.
class RegistrationService {
 public:
  // The references outlive the service.
  RegistrationService(const RegistrationPolicy& policy, ClientService& clients, ClientStore& store,
                      const Clock& clock, Logger& logger)
      : policy_(policy), clients_(clients), bound_(RegistrationSource::dcr, store, clock, logger) {}

  // Source and scope of `wanted` are replaced. Errors: access_denied, invalid_redirect_uri, invalid_client
  // (the description lists every problem), and the stores'.
  Outcome<RegisteredClient> register_client(ClientRegistration wanted, const Actor& actor);

 private:
  const RegistrationPolicy& policy_;
  ClientService& clients_;
  UnusedClientBound bound_;
};

// Removes clients that came by themselves more than kUnusedClientLifetime ago and were never used, a bounded
// number at a time. Errors: the store's.
Outcome<std::size_t> purge_unused_clients(ClientStore& store, WallTime now);

}  // namespace authplane::authserver
