#include "authserver/storage/sqlite/failure.h"

#include <sqlite3.h>

#include <utility>

namespace authplane::authserver::sqlite {
namespace {

// Cause and remedy for the operator.
std::string explain(const SqliteFailure& failure) {
  switch (failure.primary_code()) {
    case SQLITE_FULL:
      return "the disk is full; free space on its file system";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process kept it locked; end that process or try again";
    case SQLITE_NOTADB:
      return "the file is not a SQLite database; name another path or restore a backup";
    case SQLITE_CORRUPT:
      return "the file is damaged; restore a backup";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "it cannot be written; give this user write permission on the file and its directory";
    case SQLITE_CANTOPEN:
      return "it cannot be opened; check that the directory exists and that this user may read and write it";
    default:
      return std::string(failure.what()) +
             "; check the disk and the permissions of the file and its directory";
  }
}

}  // namespace

DomainError to_domain_error(const SqliteFailure& failure, const std::string& path) {
  std::string detail = "database " + path + ": " + explain(failure);
  switch (failure.primary_code()) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {DomainErrorCode::unavailable, "the storage is temporarily unavailable", std::move(detail)};
    default:
      return {DomainErrorCode::internal, "the storage failed", std::move(detail)};
  }
}

Error open_error(const SqliteFailure& failure, const std::string& path) {
  return Err(ErrorCode::runtime_error, "cannot open database " + path + ": " + explain(failure)).error;
}

}  // namespace authplane::authserver::sqlite
