#pragma once

#include <cstddef>
#include <cstdint>

#include "authserver/storage/sqlite/writer.h"

namespace authplane::authserver::sqlite {

inline constexpr std::int64_t kPurgeStep = 2'000;  // rows per transaction: a few milliseconds

// Runs `step(WriteContext&)`, whose last statement deletes up to kPurgeStep rows that an index finds, until
// nothing is left. Other writes go on between the steps. Answers how many rows went.
template <class Step>
Outcome<std::size_t> purge_in_steps(Writer& writer, Step step) {
  std::size_t deleted = 0;
  while (true) {
    auto some = writer.write([&](WriteContext& context) -> Outcome<std::size_t> {
      step(context);
      return static_cast<std::size_t>(context.rows_changed());
    });
    if (!some) return Err(some.error());
    deleted += *some;
    if (*some < static_cast<std::size_t>(kPurgeStep)) return deleted;
  }
}

}  // namespace authplane::authserver::sqlite
