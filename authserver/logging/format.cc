#include "authserver/logging/format.h"

#include <authplane/json/json.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace authplane::authserver {
namespace {

bool is_fixed_member(std::string_view key) {
  return key == "ts" || key == "level" || key == "msg";
}

nlohmann::ordered_json json_value(const LogField& field) {
  return std::visit(
      [](auto value) -> nlohmann::ordered_json {
        if constexpr (std::is_same_v<decltype(value), std::string_view>) return std::string(value);
        return value;
      },
      field.value);
}

// ASCII only: nothing in a line can end it, hide a part of it or steer a terminal.
std::string in_ascii(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '=' && c != '\\';
  });
}

}  // namespace

std::string format_json(WallTime time, LogLevel level, std::string_view event,
                        std::initializer_list<LogField> fields) {
  nlohmann::ordered_json line;
  line["ts"] = format_rfc3339(time, Fraction::micros);
  line["level"] = std::string(to_string(level));
  line["msg"] = std::string(event);
  for (const LogField& field : fields) {
    std::string key(field.key);
    line[is_fixed_member(key) ? "field_" + key : key] = json_value(field);
  }
  return in_ascii(line);
}

std::string format_text(WallTime time, LogLevel level, std::string_view event,
                        std::initializer_list<LogField> fields) {
  std::string line = format_rfc3339(time, Fraction::micros) + " " + std::string(to_string(level)) + " ";
  const bool is_printable =
      std::all_of(event.begin(), event.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  line += is_printable ? std::string(event) : in_ascii(std::string(event));
  for (const LogField& field : fields) {
    nlohmann::ordered_json value = json_value(field);
    const std::string* text = value.get_ptr<const std::string*>();
    line +=
        " " + std::string(field.key) + "=" + (text != nullptr && is_plain(*text) ? *text : in_ascii(value));
  }
  return line;
}

}  // namespace authplane::authserver
