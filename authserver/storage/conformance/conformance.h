#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <authplane/base/random.h>
#include <authplane/testing/fake_clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/domain/storage.h"

// What every storage backend must do. A backend compiles these sources into its test and instantiates the
// suite with a way to open an empty storage.

namespace authplane::authserver {

struct OpenedStorage {
  std::shared_ptr<void> environment;  // outlives the storage: a directory to remove, a logger
  std::unique_ptr<Storage> storage;
};

struct StorageBackend {
  std::string name;
  std::function<OpenedStorage()> open;
};
inline void PrintTo(const StorageBackend& backend, std::ostream* out) {
  *out << backend.name;
}

class StorageConformance : public ::testing::TestWithParam<StorageBackend> {
 protected:
  Client make_client(std::string id);
  Resource make_resource(std::string slug, std::string uri);
  // One hour of life, for `client_id`, without a resource.
  Issuance make_issuance(std::string client_id);
  AuditEvent make_event(std::string action);

  // The same, stored.
  Client stored_client(const std::string& id);
  Resource stored_resource(const std::string& slug);
  Issuance stored_issuance(const Issuance& issuance);

  ClientStore& clients() { return opened_.storage->clients(); }
  ResourceStore& resources() { return opened_.storage->resources(); }
  IssuanceStore& issuances() { return opened_.storage->issuances(); }
  AuditStore& audit() { return opened_.storage->audit(); }
  std::chrono::sys_seconds now_seconds() const { return clock_.now_seconds(); }

  testing::FakeClock clock_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
  OpenedStorage opened_ = GetParam().open();
};

template <class T>
bool failed_with(const Outcome<T>& outcome, DomainErrorCode code) {
  return !outcome && outcome.error().code == code;
}

}  // namespace authplane::authserver
