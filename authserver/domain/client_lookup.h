#pragma once

#include <functional>
#include <string_view>

#include "authserver/domain/client_store.h"

namespace authplane::authserver {

// Finds the client that a request names, wherever it is registered. Thread-safe; may block.
class ClientLookup {
 public:
  virtual ~ClientLookup() = default;
  // Learns about the client what it takes time to learn, then calls `done` once: at once, or later on another
  // thread.
  virtual void prepare(std::string_view client_id, std::function<void()> done) {
    (void)client_id;
    done();
  }
  // In whatever state. Errors: not_found (with the reason for the log in `detail`), unavailable, internal.
  virtual Outcome<ClientPtr> find(std::string_view client_id) = 0;
};

// Knows the clients of the store and no others.
class StoredClients final : public ClientLookup {
 public:
  // The store outlives the object.
  explicit StoredClients(ClientStore& store) : store_(store) {}
  Outcome<ClientPtr> find(std::string_view client_id) override { return store_.get(client_id); }

 private:
  ClientStore& store_;
};

}  // namespace authplane::authserver
