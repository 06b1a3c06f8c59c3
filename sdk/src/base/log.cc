#include <authplane/base/log.h>

#include <cstdio>

#include <authplane/base/encoding.h>

namespace authplane {

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

namespace {

// Quoted unless it is one plain word; control bytes are escaped, so that a value cannot forge a line.
void append_text(std::string& line, std::string_view text) {
  bool plain = !text.empty();
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    if (value <= 0x20 || value == 0x7F || c == '"' || c == '\\' || c == '=') plain = false;
  }
  if (plain) {
    line += text;
    return;
  }
  line.push_back('"');
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (value < 0x20 || value == 0x7F) {
      line += "\\x" + hex_encode({&c, 1});
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

struct AppendValue {
  std::string& line;
  void operator()(std::string_view text) const { append_text(line, text); }
  void operator()(std::int64_t number) const { line += std::to_string(number); }
  void operator()(bool flag) const { line += flag ? "true" : "false"; }
  void operator()(double number) const {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", number);
    line += text;
  }
};

}  // namespace

void StderrLogger::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line(to_string(level));
  line.push_back(' ');
  line += event;
  for (const LogField& field : fields) {
    line.push_back(' ');
    line += field.key;
    line.push_back('=');
    std::visit(AppendValue{line}, field.value);
  }
  line.push_back('\n');
  // One call per line keeps lines of several threads apart.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace authplane
