#include "authserver/storage/sqlite/database_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "authserver/storage/sqlite/failure.h"
#include "authserver/storage/sqlite/migrations.h"

namespace authplane::authserver::sqlite {
namespace {

namespace fs = std::filesystem;

Unexpected<Error> refuse(const std::string& path, const std::string& cause) {
  return Err(ErrorCode::runtime_error, "cannot open database " + path + ": " + cause);
}

Result<void> create_directory_of(const std::string& path) {
  const fs::path directory = fs::path(path).parent_path();
  if (directory.empty() || fs::exists(directory)) return {};
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return refuse(path, "directory " + directory.string() + " cannot be created (" + error.message() +
                            "); create it or name another path");
  }
  fs::permissions(directory, fs::perms::owner_all, error);
  return {};
}

// SQLite would create the file readable for everybody. Its log files take over the mode.
Result<void> create_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return refuse(path,
                  std::string(std::strerror(errno)) +
                      "; give this user write permission on the file and its directory or name another path");
  }
  ::close(file);
  return {};
}

void use_journal(Connection& connection, bool wal) {
  if (wal) {
    connection.run("PRAGMA journal_mode = WAL");
  } else {
    connection.run("PRAGMA journal_mode = DELETE");
  }
  connection.run("PRAGMA synchronous = FULL");
}

}  // namespace

Result<OpenedFile> open_database_file(const SqliteOptions& options, WallTime now) {
  if (options.path.empty()) return refuse("", "the path is empty; set storage.sqlite.path");
  if (auto made = create_directory_of(options.path); !made) return Err(made.error());
  if (auto made = create_file(options.path); !made) return Err(made.error());
  try {
    OpenedFile opened;
    opened.writer =
        std::make_unique<Connection>(options.path, Access::read_write_create, options.busy_timeout);
    Connection& connection = *opened.writer;
    SchemaState state = schema_state(connection);
    if (state == SchemaState::foreign) {
      return refuse(options.path, "it belongs to another program; name another path");
    }
    if (state == SchemaState::newer_than_this_program) {
      return refuse(
          options.path,
          "a newer version of this program has changed it; install that version or restore a backup");
    }
    if (state == SchemaState::outdated && options.schema == SchemaPolicy::require_current) {
      return refuse(options.path, "its schema is not up to date; run `authserver migrate`");
    }
    use_journal(connection, options.wal);
    if (state == SchemaState::outdated) opened.migrations_applied = apply_migrations(connection, now);
    connection.run("PRAGMA foreign_keys = ON");
    return opened;
  } catch (const SqliteFailure& failure) {
    return Err(open_error(failure, options.path));
  }
}

}  // namespace authplane::authserver::sqlite
