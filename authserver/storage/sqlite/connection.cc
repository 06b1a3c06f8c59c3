#include "authserver/storage/sqlite/connection.h"

#include <sqlite3.h>

#include "authserver/storage/sqlite/blocks.h"

namespace authplane::authserver::sqlite {
namespace {

[[noreturn]] void throw_failure(sqlite3* database, int code) {
  const int extended = database == nullptr ? code : sqlite3_extended_errcode(database);
  const char* text = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  throw SqliteFailure(extended, text);
}

// authplane_block_start(block): the smallest id of a block, for range conditions on issuances.id.
void block_start_function(sqlite3_context* context, int, sqlite3_value** arguments) {
  const TimeOrderedId id = first_id_of_block(sqlite3_value_int64(arguments[0]));
  sqlite3_result_blob(context, id.bytes().data(), static_cast<int>(id.bytes().size()), SQLITE_TRANSIENT);
}

}  // namespace

bool SqliteFailure::is_constraint() const {
  return primary_code() == SQLITE_CONSTRAINT;
}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::check(int code) const {
  if (code != SQLITE_OK) throw_failure(sqlite3_db_handle(statement_), code);
}

void Query::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, index, value));
}

void Query::bind(int index, std::string_view value) {
  // An empty view may hold a null pointer, which SQLite would take for NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  check(sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Query::bind(int index, Blob value) {
  check(sqlite3_bind_blob64(statement_, index, value.bytes.data(), value.bytes.size(), SQLITE_STATIC));
}

void Query::bind(int index, std::nullptr_t) {
  check(sqlite3_bind_null(statement_, index));
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw_failure(sqlite3_db_handle(statement_), code);
}

void Query::run() {
  while (step()) {
  }
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Query::text(int column) const {
  return std::string(bytes(column));
}

std::string_view Query::bytes(int column) const {
  // The pointer first: asking for the size first may convert the value under it.
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Connection::CloseDatabase::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}
void Connection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Connection::Connection(const std::string& path, Access access, std::chrono::milliseconds busy_timeout) {
  const int mode =
      access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database_.reset(raw);
  if (code != SQLITE_OK) throw_failure(raw, code);
  sqlite3_busy_timeout(raw, static_cast<int>(busy_timeout.count()));
  const int registered =
      sqlite3_create_function_v2(raw, "authplane_block_start", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                 &block_start_function, nullptr, nullptr, nullptr);
  if (registered != SQLITE_OK) throw_failure(raw, registered);
}

Connection::~Connection() = default;

sqlite3_stmt* Connection::prepared(Sql sql) {
  auto& slot = statements_[sql.text];
  if (!slot) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(database_.get(), sql.text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) throw_failure(database_.get(), code);
    slot.reset(statement);
  }
  return slot.get();
}

void Connection::execute_script(const char* script) {
  const int code = sqlite3_exec(database_.get(), script, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw_failure(database_.get(), code);
}

std::int64_t Connection::rows_changed() const {
  return sqlite3_changes64(database_.get());
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

void Connection::abandon_transaction() noexcept {
  if (in_transaction()) sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace authplane::authserver::sqlite
