#pragma once

#include <string>
#include <string_view>

#include <authplane/base/encoding.h>

namespace authplane::detail {

// Foreign text inside a message: one line, printable, bounded, in single quotes (double quotes would not
// survive the way into a challenge).
inline std::string in_quotes(std::string_view text, std::size_t limit = 160) {
  std::string safe = "'" + header_safe(text.substr(0, limit));
  return safe += text.size() > limit ? "...'" : "'";
}

}  // namespace authplane::detail
