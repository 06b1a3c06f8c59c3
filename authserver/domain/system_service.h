#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <authplane/base/clock.h>

#include "authserver/domain/storage.h"

namespace authplane::authserver {

struct Subsystem {
  std::string name;
  std::string status;  // "healthy", "unhealthy", "not_configured"
  std::string driver;  // "" when there is nothing to name
};

struct SystemStatus {
  std::chrono::seconds uptime{};
  std::vector<Subsystem> subsystems;  // storage, signing, encryption
};

// "1d 2h 3m 4s"; leading units that are zero are left out.
std::string format_uptime(std::chrono::seconds uptime);

// How the server is doing. Thread-safe.
class SystemService {
 public:
  // Uptime counts from here. `encryption_driver`: "" = data encryption is off. The references outlive the
  // service.
  SystemService(Storage& storage, const Clock& clock, std::string signing_key_store,
                std::string encryption_driver);

  const std::string& encryption_driver() const { return encryption_driver_; }
  SystemStatus status() const;
  // Counts of today, from 00:00 UTC on. Errors: the store's.
  Outcome<Stats> stats_today() const;

 private:
  Storage& storage_;
  const Clock& clock_;
  std::string signing_key_store_, encryption_driver_;
  SteadyTime started_;
};

}  // namespace authplane::authserver
