#include "client/members.h"

#include <nlohmann/json.hpp>

namespace authplane {

Result<std::optional<std::vector<std::string>>> string_list(const Json& document, std::string_view name) {
  const Json* member = find_member(document, name);
  if (!member || member->is_null()) return std::optional<std::vector<std::string>>();
  std::vector<std::string> values;
  bool good = member->is_array();
  if (good) {
    for (const Json& item : *member) {
      good = good && item.is_string();
      if (good) values.push_back(item.get<std::string>());
    }
  }
  if (!good)
    return Err(ErrorCode::metadata_fetch_error, "member " + std::string(name) + " is not a list of strings");
  return std::optional(std::move(values));
}

bool is_true(const Json& document, std::string_view name) {
  const Json* member = find_member(document, name);
  return member && member->is_boolean() && member->get<bool>();
}

}  // namespace authplane
