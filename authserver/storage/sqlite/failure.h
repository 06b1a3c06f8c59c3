#pragma once

#include <string>

#include <authplane/base/error.h>

#include "authserver/domain/errors.h"
#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

// What a verb answers when SQLite refused: unavailable when trying again may help, else internal.
DomainError to_domain_error(const SqliteFailure& failure, const std::string& path);

// What the operator reads when the file cannot be opened: path, cause, what to do.
Error open_error(const SqliteFailure& failure, const std::string& path);

}  // namespace authplane::authserver::sqlite
