#pragma once

#include <gtest/gtest.h>

#include <memory>

#include <authplane/testing/temp_folder.h>

#include "authserver/domain/storage.h"
#include "authserver/storage/memory/memory_storage.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver {

// What a storage needs for as long as it is open.
struct Surroundings {
  testing::TempFolder directory;
  SystemClock clock;
  NullLogger logger;
};

using OpenStorage = std::unique_ptr<Storage> (*)(Surroundings&);

inline std::unique_ptr<Storage> open_memory(Surroundings&) {
  return make_memory_storage();
}
inline std::unique_ptr<Storage> open_file(Surroundings& surroundings) {
  SqliteOptions options;
  options.path = surroundings.directory.file("authserver.db");
  return open_sqlite(options, surroundings.clock, surroundings.logger).value();
}

// A race runs over every storage. A base to be named before the fixture, so that it is destroyed after it.
class RaceBase : public ::testing::WithParamInterface<OpenStorage> {
 protected:
  Surroundings surroundings_;
};

}  // namespace authplane::authserver
