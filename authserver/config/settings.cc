#include "authserver/config/settings.h"

#include <authplane/base/encoding.h>

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace authplane::authserver {
namespace {

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    std::size_t comma = text.find(',');
    items.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) items.emplace_back();
  }
  return items;
}

template <class Number>
bool parse_whole(std::string_view text, Number& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string trimmed_number(double value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : std::string();
}

}  // namespace

Settings::Settings() {
  entries_.reserve(key_table().size());
  for (const KeyRow& row : key_table()) {
    Result<Value, std::string> value = parse_value(row.type, row.default_value);
    if (!value) throw std::logic_error("the default of " + std::string(row.path) + " does not parse");
    entries_.push_back({std::move(*value), Source::built_in});
  }
}

std::size_t Settings::index_of(std::string_view path) {
  const KeyRow* row = find_key(path);
  if (row == nullptr) throw std::logic_error("no configuration key " + std::string(path));
  return static_cast<std::size_t>(row - key_table().data());
}

template <class T>
const T& Settings::get(std::string_view path) const {
  const T* value = std::get_if<T>(&entry(path).value);
  if (value == nullptr) throw std::logic_error("configuration key of another type: " + std::string(path));
  return *value;
}
template const std::string& Settings::get(std::string_view) const;
template const SecretString& Settings::get(std::string_view) const;
template const bool& Settings::get(std::string_view) const;
template const std::int64_t& Settings::get(std::string_view) const;
template const double& Settings::get(std::string_view) const;
template const Duration& Settings::get(std::string_view) const;
template const std::vector<std::string>& Settings::get(std::string_view) const;

void Settings::set(const KeyRow& row, Value value, Source source) {
  Entry& slot = entries_[index_of(row.path)];
  if (slot.value.index() != value.index()) {
    throw std::logic_error("value of another type for " + std::string(row.path));
  }
  slot = {std::move(value), source};
}

Result<Settings::Value, std::string> parse_value(KeyType type, std::string_view text) {
  using Value = Settings::Value;
  switch (type) {
    case KeyType::text:
      return Value(std::string(text));
    case KeyType::secret:
      return Value(SecretString(std::string(text)));
    case KeyType::boolean: {
      std::string lower = ascii_lower(text);
      return Value(lower == "true" || lower == "1" || lower == "yes");
    }
    case KeyType::integer: {
      std::int64_t value = 0;
      if (!parse_whole(text, value)) return Err(std::string("is not a whole number"));
      return Value(value);
    }
    case KeyType::number: {
      double value = 0;
      if (!parse_whole(text, value) || !std::isfinite(value)) return Err(std::string("is not a number"));
      return Value(value);
    }
    case KeyType::duration: {
      std::optional<Duration> value = parse_go_duration(text);
      if (!value)
        return Err(std::string("is not a duration; write a number with unit such as 30s, 15m or 1h30m"));
      return Value(*value);
    }
    case KeyType::list:
      return Value(split_commas(text));
  }
  return Err(std::string("has an unknown type"));
}

std::string display(const Settings::Value& value) {
  struct Visitor {
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const SecretString& v) const { return v.empty() ? "(empty)" : "(set)"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return trimmed_number(v); }
    std::string operator()(Duration v) const { return format_go_duration(v); }
    std::string operator()(const std::vector<std::string>& v) const {
      std::string joined;
      for (const std::string& item : v) joined += (joined.empty() ? "" : ",") + item;
      return joined;
    }
  };
  return std::visit(Visitor{}, value);
}

}  // namespace authplane::authserver
