#pragma once

#include <array>
#include <chrono>
#include <string_view>

namespace authplane::authserver {

// A proof of possession (RFC 9449) that one token uses up, as stores know it.
struct SpentProof {
  using Key = std::array<unsigned char, 16>;

  Key key{};                              // tells proofs apart, and nothing of the proof can be read from it
  std::chrono::sys_seconds spent_at{};    // when it was judged
  std::chrono::sys_seconds expires_at{};  // the last moment at which the same proof could be accepted again

  // `replay_key` is what makes a proof the same proof. One accepted up to `lifetime` before and after the
  // time it names is remembered for twice that.
  static SpentProof of(std::string_view replay_key, std::chrono::sys_seconds now,
                       std::chrono::seconds lifetime);
};

}  // namespace authplane::authserver
