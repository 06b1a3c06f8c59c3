#include "credentials.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::detail {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Not find_first_of(): that looks at one character after the other, which shows on tokens of several hundred
// bytes. find() does not.
std::size_t find_blank(std::string_view text) {
  text = text.substr(0, text.find(' '));
  return std::min(text.find('\t'), text.size());
}

bool has_query_token(std::string_view query) {
  constexpr std::string_view kName = "access_token";
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.substr(0, pair.find('=')) == kName) return true;
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  return false;
}

}  // namespace

std::variant<NoCredentials, AmbiguousRequest, PresentedToken> read_credentials(const HttpRequest& request) {
  if (has_query_token(request.query())) return AmbiguousRequest{"an access token in the URL"};
  constexpr std::string_view kField = "Authorization";
  std::string_view value;
  int fields = 0;
  for (const auto& [name, field] : request.headers) {
    if (name.size() != kField.size() || !equals_ignore_case(name, kField)) continue;
    ++fields;
    value = field;
  }
  if (fields == 0) return NoCredentials{"no Authorization header; send 'Authorization: Bearer <token>'"};
  if (fields > 1) return AmbiguousRequest{"more than one Authorization header"};

  value = trim(value);
  const std::size_t space = find_blank(value);
  const std::string_view scheme = value.substr(0, space);
  const std::string_view token = trim(value.substr(space));
  const bool dpop = equals_ignore_case(scheme, "DPoP");
  if (!dpop && !equals_ignore_case(scheme, "Bearer")) {
    return NoCredentials{"the Authorization scheme is not Bearer; send 'Authorization: Bearer <token>'"};
  }
  if (token.empty() || find_blank(token) != token.size()) {
    return NoCredentials{"the Authorization header does not hold exactly one token after its scheme"};
  }
  return PresentedToken{dpop ? TokenScheme::dpop : TokenScheme::bearer, token};
}

}  // namespace authplane::detail
