#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "authserver/domain/client.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/paging.h"

namespace authplane::authserver {

struct ClientFilter {
  std::optional<ClientStatus> status;
  std::optional<RegistrationSource> registration_source;
};

enum class RemoveClient {
  unless_live_tokens,  // conflict while an access or refresh token of the client is neither expired nor
                       // revoked
  revoke_tokens,       // revokes them as the transition to `revoked` does and removes the client
};

// Clients that came by themselves and were never used: no token was issued to them, no user has consented to
// them, none is about to. Suspended and revoked ones are not among them: their rows keep them out.
struct UnusedClients {
  RegistrationSource source = RegistrationSource::dcr;
  WallTime registered_before{};  // exclusive
  std::size_t keep_newest = 0;   // that many of them stay
  std::size_t limit = 500;       // no more than that many go
};

// Clients. Thread-safe; each verb is one transaction and durable when it returns. Every verb may also fail
// with unavailable or internal.
class ClientStore {
 public:
  virtual ~ClientStore() = default;

  // Errors: conflict (the id is taken).
  virtual Outcome<void> insert(const Client& client) = 0;
  // Errors: not_found. Served from memory; a change made by another process shows within 50 ms, a change made
  // through this object at once.
  virtual Outcome<ClientPtr> get(std::string_view id) = 0;
  // Newest first, ties by id.
  virtual Outcome<std::vector<Client>> list(const ClientFilter& filter, const Page& page) = 0;
  // Replaces name, redirect_uris, grant_types, response_types, scope and updated_at if the stored version
  // still is `changed.version`; answers the stored client with the next version. Errors: not_found, conflict.
  virtual Outcome<Client> update(const Client& changed) = 0;
  // The old secret stops working at once. Errors: not_found, invalid_client (public client).
  virtual Outcome<void> rotate_secret(std::string_view id, std::string_view new_secret_hash,
                                      WallTime now) = 0;
  // When this returns with `to` other than active, no further token of the client can be recorded; revoking
  // also revokes its families, every live token and every live token exchanged from one of its tokens.
  // Errors: not_found, conflict (see is_allowed_transition).
  virtual Outcome<Client> transition(std::string_view id, ClientStatus to, WallTime now) = 0;
  // Authorizations, consent grants and families go with the client; history (issuances, audit) stays. Errors:
  // not_found, conflict.
  virtual Outcome<void> remove(std::string_view id, RemoveClient mode, WallTime now) = 0;
  // Answers how many were removed.
  virtual Outcome<std::size_t> purge_unused(const UnusedClients& which, WallTime now) = 0;
};

}  // namespace authplane::authserver
