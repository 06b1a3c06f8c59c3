#include <authplane/base/form.h>

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane {
namespace {

Result<std::string> decode_side(std::string_view text, const char* what) {
  auto decoded = form_decode(text);
  if (!decoded)
    return Err(ErrorCode::invalid_request, std::string("form: malformed percent-encoding in a ") + what);
  if (decoded->find('\0') != std::string::npos) {
    return Err(ErrorCode::invalid_request, std::string("form: NUL byte in a ") + what);
  }
  if (!is_valid_utf8(*decoded)) {
    return Err(ErrorCode::invalid_request, std::string("form: invalid UTF-8 in a ") + what);
  }
  return *std::move(decoded);
}

}  // namespace

Result<Form> Form::parse(std::string_view text, std::size_t max_fields) {
  Form form;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (form.fields_.size() == max_fields) {
      return Err(ErrorCode::invalid_request, "form: more than " + std::to_string(max_fields) + " fields");
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode_side(pair.substr(0, equals), "name");
    if (!name) return Err(std::move(name).error());
    auto value = decode_side(pair.substr(std::min(equals + 1, pair.size())), "value");
    if (!value) return Err(std::move(value).error());
    form.add(*std::move(name), *std::move(value));
  }
  return form;
}

std::size_t Form::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const auto& field) { return field.first == name; }));
}

std::optional<std::string_view> Form::get(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const auto& [key, value] : fields_) {
    if (key != name) continue;
    if (found) return std::nullopt;
    found = value;
  }
  return found;
}

std::vector<std::string_view> Form::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : fields_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::optional<std::string_view> Form::first_repeated(std::string_view allowed) const {
  for (const auto& field : fields_) {
    if ((allowed.empty() || field.first != allowed) && count(field.first) > 1) return field.first;
  }
  return std::nullopt;
}

std::string Form::encode() const {
  std::string out;
  for (const auto& [name, value] : fields_) {
    if (!out.empty()) out.push_back('&');
    out += form_encode(name);
    out.push_back('=');
    out += form_encode(value);
  }
  return out;
}

std::string form_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    const bool literal = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                         c == '*' || c == '-' || c == '.' || c == '_';
    if (literal) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('+');
    } else {
      out.push_back('%');
      out.push_back(kDigits[value >> 4]);
      out.push_back(kDigits[value & 0x0F]);
    }
  }
  return out;
}

std::optional<std::string> form_decode(std::string_view text) {
  if (text.find('+') == std::string_view::npos) return percent_decode(text);
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

}  // namespace authplane
