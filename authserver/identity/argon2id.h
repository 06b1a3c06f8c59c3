#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace authplane::authserver {

// RFC 9106 section 3.1: memory size m, passes t, lanes p.
struct Argon2Cost {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;
  friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

// "$argon2id$v=19$m=47104,t=2,p=1$<salt>$<tag>", base64 without padding.
struct Argon2Row {
  Argon2Cost cost;
  std::string salt;  // 8 to 64 bytes
  std::string tag;   // 16 to 64 bytes
};

// Strict: parameters in this order, decimal without leading zeros, version 19 only. Does not judge the cost.
std::optional<Argon2Row> parse_argon2id(std::string_view text);
std::string format_argon2id(const Argon2Row& row);

// Why argon2id cannot have this cost; null when it can.
const char* argon2_cost_problem(const Argon2Cost& cost);

// The tag, `bytes` long; nullopt when the memory cannot be had. Throws std::invalid_argument for a cost or
// salt that argon2id does not know.
std::optional<std::string> argon2id(std::string_view password, std::string_view salt, const Argon2Cost& cost,
                                    std::size_t bytes);

}  // namespace authplane::authserver
