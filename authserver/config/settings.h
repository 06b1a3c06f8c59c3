#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/base/secret.h>

#include "authserver/config/go_duration.h"
#include "authserver/config/key_table.h"

namespace authplane::authserver {

// Where a value came from; a later source wins.
enum class Source { built_in, file, environment };

// The value of every key of the table, still unchecked: only its type is right. Move-only, since it holds
// secrets. The accessors throw std::logic_error for a path or type the table does not have; that is a bug,
// not bad input.
class Settings {
 public:
  using Value =
      std::variant<std::string, SecretString, bool, std::int64_t, double, Duration, std::vector<std::string>>;

  Settings();  // all defaults

  const std::string& text(std::string_view path) const { return get<std::string>(path); }
  const SecretString& secret(std::string_view path) const { return get<SecretString>(path); }
  bool flag(std::string_view path) const { return get<bool>(path); }
  std::int64_t integer(std::string_view path) const { return get<std::int64_t>(path); }
  double number(std::string_view path) const { return get<double>(path); }
  Duration duration(std::string_view path) const { return get<Duration>(path); }
  const std::vector<std::string>& list(std::string_view path) const {
    return get<std::vector<std::string>>(path);
  }

  const Value& value(const KeyRow& row) const { return entry(row.path).value; }
  Source source(std::string_view path) const { return entry(path).source; }
  bool is_set(std::string_view path) const { return source(path) != Source::built_in; }

  // `value` must hold the alternative of the row's type.
  void set(const KeyRow& row, Value value, Source source);

 private:
  struct Entry {
    Value value;
    Source source = Source::built_in;
  };
  static std::size_t index_of(std::string_view path);
  const Entry& entry(std::string_view path) const { return entries_[index_of(path)]; }
  template <class T>
  const T& get(std::string_view path) const;

  std::vector<Entry> entries_;  // parallel to key_table()
};

// Reads `text` as the environment spells a value of that type: every boolean but true, 1 and yes is false;
// list items are separated by commas and not trimmed. Err: why it cannot be read, in a few words.
Result<Settings::Value, std::string> parse_value(KeyType type, std::string_view text);

// For people: lists joined by commas, durations in the configuration's grammar, secrets as "(set)" or
// "(empty)".
std::string display(const Settings::Value& value);

}  // namespace authplane::authserver
