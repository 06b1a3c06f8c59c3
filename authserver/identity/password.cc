#include "authserver/identity/password.h"

#include <stdexcept>

#include <authplane/base/secret.h>

#include "authserver/identity/bcrypt.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kTagBytes = 32;

bool is_within(const Argon2Cost& cost, const Argon2Cost& most) {
  return cost.lanes <= most.lanes && cost.memory_kib <= most.memory_kib && cost.passes <= most.passes &&
         cost.memory_kib >= 8 * cost.lanes;
}

}  // namespace

Result<std::string, PasswordRefusal> hash_password(std::string_view password, const PasswordPolicy& policy,
                                                   HashSlots& slots, Random& random) {
  if (password.size() < policy.min_bytes) return Err(PasswordRefusal::too_short);
  if (password.size() > policy.max_bytes) return Err(PasswordRefusal::too_long);
  const auto slot = slots.take();
  if (!slot) return Err(PasswordRefusal::overloaded);
  const std::string salt = random.bytes(kSaltBytes);
  auto tag = argon2id(password, salt, policy.cost, kTagBytes);
  if (!tag) return Err(PasswordRefusal::overloaded);
  return format_argon2id({policy.cost, salt, std::move(*tag)});
}

PasswordHasher::PasswordHasher(PasswordPolicy policy, HashSlots& slots, Random& random)
    : policy_(policy), slots_(slots), random_(random) {
  if (const char* problem = argon2_cost_problem(policy_.cost)) {
    throw std::invalid_argument(std::string("argon2id: ") + problem);
  }
  // A random tag is nobody's password.
  nobody_ = {policy_.cost, random.bytes(kSaltBytes), random.bytes(kTagBytes)};
}

PasswordCheck PasswordHasher::check(std::string_view password, std::string_view row) const {
  // Decided by the password alone, so it tells nothing about the row.
  if (password.size() > policy_.max_bytes) return {};
  const auto slot = slots_.take();
  if (!slot) return {.verdict = PasswordVerdict::overloaded};
  const PasswordVerdict verdict = judge(password, row);
  return {.verdict = verdict, .needs_rehash = verdict == PasswordVerdict::match && needs_rehash(row)};
}

PasswordCheck PasswordHasher::check_nobody(std::string_view password) const {
  if (password.size() > policy_.max_bytes) return {};
  const auto slot = slots_.take();
  if (!slot) return {.verdict = PasswordVerdict::overloaded};
  const bool overloaded = judge_argon2id(password, nobody_) == PasswordVerdict::overloaded;
  return {.verdict = overloaded ? PasswordVerdict::overloaded : PasswordVerdict::mismatch};
}

bool PasswordHasher::needs_rehash(std::string_view row) const {
  const auto parsed = parse_argon2id(row);
  return !parsed || parsed->cost != policy_.cost || parsed->salt.size() != kSaltBytes ||
         parsed->tag.size() != kTagBytes;
}

PasswordVerdict PasswordHasher::judge(std::string_view password, std::string_view row) const {
  if (const auto parsed = parse_argon2id(row); parsed && is_within(parsed->cost, policy_.max_row_cost)) {
    return judge_argon2id(password, *parsed);
  }
  if (const auto cost = bcrypt_cost(row); cost && *cost <= policy_.max_bcrypt_cost) {
    const auto matches = bcrypt_matches(password, row);
    if (!matches) return PasswordVerdict::overloaded;
    return *matches ? PasswordVerdict::match : PasswordVerdict::mismatch;
  }
  const bool overloaded = judge_argon2id(password, nobody_) == PasswordVerdict::overloaded;
  return overloaded ? PasswordVerdict::overloaded : PasswordVerdict::unusable_row;
}

PasswordVerdict PasswordHasher::judge_argon2id(std::string_view password, const Argon2Row& row) const {
  const auto tag = argon2id(password, row.salt, row.cost, row.tag.size());
  if (!tag) return PasswordVerdict::overloaded;
  return constant_time_equal(*tag, row.tag) ? PasswordVerdict::match : PasswordVerdict::mismatch;
}

}  // namespace authplane::authserver
