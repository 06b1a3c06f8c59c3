#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace authplane::dpop {

// One challenge of a WWW-Authenticate field (RFC 9110 section 11.6.1), names in lower case, values unquoted.
struct Challenge {
  std::string scheme;
  std::vector<std::pair<std::string, std::string>> parameters;

  std::string_view parameter(std::string_view name) const;  // "" when absent
};

// Every challenge of one field value, which may hold several. Reading ends at the first thing that is no
// challenge; what was complete before stays.
std::vector<Challenge> parse_challenges(std::string_view field);

}  // namespace authplane::dpop
