#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace authplane::authserver::sqlite {

// Thrown inside this module when SQLite refuses; caught where a verb ends (ReaderPool::read, Writer) and
// never beyond. what() is one line for the log and holds no bound values.
class SqliteFailure : public std::runtime_error {
 public:
  SqliteFailure(int extended_code, const std::string& message)
      : std::runtime_error(message), code_(extended_code) {}
  int extended_code() const { return code_; }
  int primary_code() const { return code_ & 0xFF; }
  bool is_constraint() const;

 private:
  int code_;
};

// SQL text that is a literal: its address identifies a cached statement, and no value can ever be spliced in.
struct Sql {
  consteval Sql(const char* literal) : text(literal) {}  // NOLINT: implicit on purpose
  const char* text;
};

struct Blob {
  std::string_view bytes;
};

// One use of a prepared statement: bind, step, read. Bound text and blobs must outlive the use. Resets
// itself.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Binds to parameters 1, 2, ... in order.
  template <class... Values>
  Query& with(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  bool step();  // true: a row is there; false: done
  void run();   // for statements without rows

  std::int64_t integer(int column) const;
  std::string text(int column) const;        // "" for NULL
  std::string_view bytes(int column) const;  // valid until the next step
  bool is_null(int column) const;

 private:
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, Blob value);
  void bind(int index, std::nullptr_t);
  template <std::integral I>
  void bind(int index, I value) {
    bind(index, static_cast<std::int64_t>(value));
  }
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  void bind(int index, const char* value) { bind(index, std::string_view(value)); }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value) {
      bind(index, *value);
    } else {
      bind(index, nullptr);
    }
  }
  void check(int code) const;

  sqlite3_stmt* statement_;
};

enum class Access { read_write_create, read_only };

// One connection and its prepared statements. Not thread-safe: one thread at a time.
class Connection {
 public:
  // Throws SqliteFailure.
  Connection(const std::string& path, Access access, std::chrono::milliseconds busy_timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Throws SqliteFailure. Do not hold two uses of one statement at a time.
  Query query(Sql sql) { return Query(prepared(sql)); }
  void run(Sql sql) { query(sql).run(); }
  // Several statements at once, for migrations.
  void execute_script(const char* script);

  std::int64_t rows_changed() const;
  bool in_transaction() const;
  // Rolls back when a transaction is open; never throws.
  void abandon_transaction() noexcept;
  sqlite3* handle() const { return database_.get(); }

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3_stmt* prepared(Sql sql);

  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

}  // namespace authplane::authserver::sqlite
