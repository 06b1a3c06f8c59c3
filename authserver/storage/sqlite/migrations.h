#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <authplane/base/clock.h>

#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

enum class SchemaState { current, outdated, newer_than_this_program, foreign };

// `foreign`: the file holds tables, but not our ledger.
SchemaState schema_state(Connection& connection);

// Applies every migration that is not recorded, each in its own transaction; processes that start at the same
// time wait for each other. Answers how many were applied. `up_to`: the last one, for tests that need a file
// of an earlier program. REQUIRES: schema_state is current or outdated.
std::size_t apply_migrations(Connection& connection, WallTime now,
                             std::int64_t up_to = std::numeric_limits<std::int64_t>::max());

}  // namespace authplane::authserver::sqlite
