#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <authplane/base/result.h>

namespace authplane {

// application/x-www-form-urlencoded, as used by OAuth requests (RFC 6749 appendix B) and query strings.
// Order and repetition are kept; both sides of a pair are decoded.
class Form {
 public:
  // Errors: invalid_request for a malformed percent triplet, a NUL byte, invalid UTF-8, more than
  // `max_fields` fields. Empty input is an empty form.
  static Result<Form> parse(std::string_view text, std::size_t max_fields = 64);

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }

  std::size_t count(std::string_view name) const;
  // The only value; nullopt when absent or repeated.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  // The first name that occurs more than once and is not `allowed`, else nullopt.
  std::optional<std::string_view> first_repeated(std::string_view allowed = {}) const;

  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  bool empty() const { return fields_.empty(); }
  std::string encode() const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// One value, form-urlencoded (space becomes '+').
std::string form_encode(std::string_view text);
// Inverse; strict: nullopt on a malformed triplet.
std::optional<std::string> form_decode(std::string_view text);

}  // namespace authplane
