#pragma once

#include <memory>

#include <authplane/base/clock.h>
#include <authplane/base/result.h>

#include "authserver/storage/sqlite/connection.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver::sqlite {

struct OpenedFile {
  std::unique_ptr<Connection> writer;  // ready for durable commits
  std::size_t migrations_applied = 0;
};

// Creates what is missing, checks that the file is ours and of a schema this program knows, and migrates it
// if the options say so. Errors: runtime_error; path, cause, remedy.
Result<OpenedFile> open_database_file(const SqliteOptions& options, WallTime now);

}  // namespace authplane::authserver::sqlite
