// A form: the body of a token request, or the query of an authorization request.

#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>

#include "check.h"

using namespace authplane;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// One byte after the other, as the standard tells it (URL standard, section 5.1).
std::optional<std::string> plain_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const std::string digits(text.substr(i + 1, 2));
      if (digits.size() < 2 || std::isxdigit(static_cast<unsigned char>(digits[0])) == 0 ||
          std::isxdigit(static_cast<unsigned char>(digits[1])) == 0) {
        return std::nullopt;
      }
      out += static_cast<char>(std::stoi(digits, nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  if (out.find('\0') != std::string::npos || !is_valid_utf8(out)) return std::nullopt;
  return out;
}

std::optional<Fields> plain_parse(std::string_view text) {
  Fields fields;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('&', at), text.size());
    const std::string_view pair = text.substr(at, end - at);
    at = end + 1;
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size() - 1);
    const bool has_value = pair[equals] == '=';
    auto name = plain_decode(has_value ? pair.substr(0, equals) : pair);
    auto value = plain_decode(has_value ? pair.substr(equals + 1) : "");
    if (!name || !value || fields.size() == 64) return std::nullopt;
    fields.emplace_back(std::move(*name), std::move(*value));
  }
  return fields;
}

void check_accessors(const Form& form) {
  for (const auto& [name, value] : form.fields()) {
    const auto values = form.all(name);
    FUZZ_CHECK(values.size() == form.count(name) && !values.empty());
    // The value of a parameter that was sent twice is nobody's to choose.
    FUZZ_CHECK(form.get(name).has_value() == (values.size() == 1));
    if (values.size() > 1) FUZZ_CHECK(form.first_repeated().has_value());
    if (values.size() > 1 && !name.empty() && form.first_repeated(name)) {
      FUZZ_CHECK(*form.first_repeated(name) != name);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  FUZZ_CHECK(form_decode(form_encode(text)) == text);
  const auto form = Form::parse(text);
  const auto plain = plain_parse(text);
  FUZZ_CHECK(static_cast<bool>(form) == plain.has_value());
  if (!form) {
    FUZZ_CHECK(form.error().code == ErrorCode::invalid_request);
    return 0;
  }
  FUZZ_CHECK(form->fields() == *plain);
  FUZZ_CHECK(Form::parse(form->encode())->encode() == form->encode());
  check_accessors(*form);
  return 0;
}
