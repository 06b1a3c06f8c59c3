#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <authplane/base/random.h>
#include <authplane/base/result.h>

#include "authserver/identity/argon2id.h"
#include "authserver/identity/hash_slots.h"

namespace authplane::authserver {

// What a password may be and how it is kept. The cost is chosen so that one check takes 100 to 200 ms of one
// processor.
struct PasswordPolicy {
  Argon2Cost cost{.memory_kib = 46 * 1024, .passes = 2, .lanes = 1};
  std::size_t min_bytes = 1;
  std::size_t max_bytes = 1024;  // longer ones are refused, never cut
  // Most that a stored row may ask for. A row above it is not computed: whoever can write a row must not be
  // able to stop the server with it. Memory at once is at most the number of slots times max_row_cost.
  Argon2Cost max_row_cost{.memory_kib = 128 * 1024, .passes = 8, .lanes = 4};
  std::uint32_t max_bcrypt_cost = 14;  // 2^14 rounds, about a second
};

enum class PasswordRefusal { too_short, too_long, overloaded };

// The row to store for a password. Thread-safe.
Result<std::string, PasswordRefusal> hash_password(std::string_view password, const PasswordPolicy& policy,
                                                   HashSlots& slots, Random& random);

enum class PasswordVerdict {
  match,
  mismatch,
  // Every slot is taken or the memory is not there. Nothing was decided: answer 503, count no failure.
  overloaded,
  // The stored row cannot be computed: malformed, of an unknown scheme, or above the policy's bounds. For the
  // operator's log; a caller sees a mismatch that took as long as one.
  unusable_row,
};

struct PasswordCheck {
  PasswordVerdict verdict = PasswordVerdict::mismatch;
  bool needs_rehash = false;  // only with match: store a fresh hash() of the password
};

// Passwords of users: made as argon2id (RFC 9106) in PHC string format, verified as argon2id or bcrypt ($2a$,
// $2b$, $2y$; for imported rows). Thread-safe. The references outlive the object.
class PasswordHasher {
 public:
  // Throws std::invalid_argument for a cost that argon2id does not know.
  PasswordHasher(PasswordPolicy policy, HashSlots& slots, Random& random);

  Result<std::string, PasswordRefusal> hash(std::string_view password) const {
    return hash_password(password, policy_, slots_, random_);
  }

  // A password that bcrypt would cut (more than 72 bytes, or a NUL byte) does not match a bcrypt row, after
  // the same work.
  PasswordCheck check(std::string_view password, std::string_view row) const;

  // The work of check() against a row of this policy, for a user who does not exist or may not log in. Never
  // a match.
  PasswordCheck check_nobody(std::string_view password) const;

  // Whether the row is anything else than hash() makes now.
  bool needs_rehash(std::string_view row) const;

 private:
  PasswordVerdict judge(std::string_view password, std::string_view row) const;
  PasswordVerdict judge_argon2id(std::string_view password, const Argon2Row& row) const;

  PasswordPolicy policy_;
  HashSlots& slots_;
  Random& random_;
  Argon2Row nobody_;
};

}  // namespace authplane::authserver
