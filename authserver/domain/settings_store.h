#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

// Settings that an operator changes while the server runs and that survive a restart ("dcr_mode").
// Thread-safe.
class SettingsStore {
 public:
  virtual ~SettingsStore() = default;
  virtual Outcome<std::optional<std::string>> get(std::string_view key) = 0;
  virtual Outcome<void> set(std::string_view key, std::string_view value, WallTime now) = 0;
};

}  // namespace authplane::authserver
