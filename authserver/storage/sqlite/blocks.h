#pragma once

#include <chrono>
#include <cstdint>

#include "authserver/domain/ids.h"

// The sparse index of issuances (table issuance_blocks): a block is every id whose milliseconds agree above
// the lowest ten bits, about one second of tokens.

namespace authplane::authserver::sqlite {

// The values of issuance_blocks.dimension.
enum class Dimension { client = 1, resource = 2, subject = 3 };

inline constexpr unsigned kBlockShift = 10;

// How much later than the moment in its id a row's own time may be: the two are read one after the other.
inline constexpr std::chrono::seconds kClockSlack{2};
inline TimeOrderedId first_id_since(WallTime time) {
  return TimeOrderedId::lower_bound(time - kClockSlack);
}

inline std::int64_t block_of(const TimeOrderedId& id) {
  return id.time().time_since_epoch().count() >> kBlockShift;
}

inline TimeOrderedId first_id_of_block(std::int64_t block) {
  return TimeOrderedId::lower_bound(WallTime(std::chrono::milliseconds(block << kBlockShift)));
}

}  // namespace authplane::authserver::sqlite
