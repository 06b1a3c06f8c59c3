#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

inline constexpr std::size_t kMaxAdminBodyBytes = 1024 * 1024;
inline constexpr std::size_t kMaxPolicyBodyBytes = 16 * 1024;

// The JSON object of a request body. Errors: invalid_request.
Outcome<Json> parse_body(std::string_view body, std::size_t max_bytes = kMaxAdminBodyBytes);

// Reads members of one JSON object by type. `null` counts as absent. The first problem is kept and every
// later read answers nothing, so a caller reads everything and asks once. `object` outlives the reader.
class BodyReader {
 public:
  // `where` goes before member names in problems, "" for the top level.
  explicit BodyReader(const Json& object, std::string where = "")
      : object_(object), where_(std::move(where)) {}

  std::optional<std::string> string(std::string_view name);
  std::optional<std::string> required_string(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::vector<std::string>> strings(std::string_view name);
  // The member when it is an object or array of that kind, else nullptr.
  const Json* object(std::string_view name);
  const Json* array(std::string_view name);
  // Any other member is a problem.
  void allow_only(std::initializer_list<std::string_view> names);

  void problem(std::string text);
  bool failed() const { return !problem_.empty(); }
  // Errors: invalid_request with the first problem.
  Outcome<void> finish() const;

 private:
  const Json* member(std::string_view name) const;
  std::string path(std::string_view name) const { return where_ + std::string(name); }

  const Json& object_;
  std::string where_;
  std::string problem_;
};

}  // namespace authplane::authserver
