#include "authserver/cli/text_file.h"

#include <fstream>

namespace authplane::authserver::cli {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

}  // namespace

CommandResult<std::string> read_text_file(const std::string& path, std::string_view flag) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) {
    return failure("cannot read " + path + "; check the path given to " + std::string(flag));
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) return failure(path + " is larger than 1 MiB");
  return text;
}

CommandResult<std::string> json_argument(const std::string& value, std::string_view flag) {
  const std::size_t first = value.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && value[first] == '{') return value;
  return read_text_file(value, flag);
}

}  // namespace authplane::authserver::cli
