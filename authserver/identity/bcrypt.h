#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace authplane::authserver {

// The cost of a bcrypt row ($2a$, $2b$, $2y$: log2 of the rounds, 4 to 31), nullopt when it is not one.
std::optional<std::uint32_t> bcrypt_cost(std::string_view row);

// REQUIRES: bcrypt_cost(row). A password that bcrypt would cut (more than 72 bytes, or a NUL byte) does not
// match, after the same work. nullopt when the memory cannot be had.
std::optional<bool> bcrypt_matches(std::string_view password, std::string_view row);

}  // namespace authplane::authserver
