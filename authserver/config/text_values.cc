#include "authserver/config/text_values.h"

#include <authplane/base/url.h>

namespace authplane::authserver {

bool is_plain_url(std::string_view text, bool http_too) {
  const Result<Url> url = Url::parse(text);
  return url && (url->scheme() == "https" || (http_too && url->scheme() == "http")) && !url->has_fragment() &&
         !url->has_userinfo();
}

std::vector<std::string> trimmed(const std::vector<std::string>& entries) {
  std::vector<std::string> result;
  for (const std::string& entry : entries) {
    const std::size_t first = entry.find_first_not_of(" \t");
    const std::size_t last = entry.find_last_not_of(" \t");
    result.push_back(first == std::string::npos ? "" : entry.substr(first, last - first + 1));
  }
  return result;
}

}  // namespace authplane::authserver
