#pragma once

#include <string>
#include <string_view>

#include <authplane/base/secret.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

struct Opened {
  SecretString text;
  bool is_outdated = false;  // by the old key or in the old format: sealing it again is due
};

// Encrypts what has to be stored and read again: credentials of upstream providers and the like. What was
// sealed for one owner cannot be opened as another's. Thread-safe.
class Sealer {
 public:
  virtual ~Sealer() = default;

  // Stored beside what it sealed: "aes_master".
  virtual std::string_view driver() const = 0;
  // Bytes, not text: any value may occur, zero too. `owner` says whom it is for, see owner.h.
  virtual Outcome<std::string> seal(std::string_view text, std::string_view owner) = 0;
  // Errors: internal when it was sealed with another key, for another owner, or changed since; nobody is told
  // which.
  virtual Outcome<Opened> open(std::string_view sealed, std::string_view owner) = 0;
};

}  // namespace authplane::authserver
