// The Cookie fields of a request, one a line.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/identity/cookie.h"
#include "check.h"

using namespace authplane;
using namespace authplane::authserver;

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
  return text;
}

// Every value that any field holds under the name.
std::vector<std::string> plain_values(std::string_view input, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string& field : split(input, '\n')) {
    for (const std::string& pair : split(field, ';')) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos || trimmed(pair.substr(0, equals)) != name) continue;
      values.push_back(trimmed(pair.substr(equals + 1)));
    }
  }
  return values;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Headers headers;
  for (const std::string& field : split(input, '\n')) headers.add("Cookie", field);
  for (const bool secure : {false, true}) {
    const CookieAttributes cookie{.name = "sid", .secure = secure};
    const auto found = find_cookie(headers, cookie);
    const auto values = plain_values(input, secure ? "__Host-sid" : "sid");
    if (found) {
      FUZZ_CHECK(values.size() == 1 && values[0] == *found && !found->empty());
      // We could have set it, and would find it again.
      const std::string field = set_cookie(cookie, *found, std::chrono::seconds(60));
      const std::string pair = field.substr(0, field.find(';'));
      FUZZ_CHECK(find_cookie({{"Cookie", pair}}, cookie) == found);
    } else if (values.size() == 1 && !values[0].empty()) {
      FUZZ_CHECK(
          values[0].find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") !=
          std::string::npos);
    }
  }
  return 0;
}
