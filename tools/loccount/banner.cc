#include "banner.h"

namespace authplane::loccount {
namespace {

constexpr std::string_view kBegin = "<!-- loccount:begin -->";
constexpr std::string_view kEnd = "<!-- loccount:end -->";

std::string with_lf(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i];
  }
  return out;
}

std::string insert_banner(const std::string& readme, std::string_view banner) {
  std::size_t heading = readme.starts_with("# ") ? 0 : readme.find("\n# ");
  if (heading == std::string::npos) return std::string(banner) + "\n\n" + readme;
  if (heading != 0) ++heading;
  auto line_end = readme.find('\n', heading);
  if (line_end == std::string::npos) line_end = readme.size();
  const auto rest = readme.find_first_not_of('\n', line_end);
  std::string out = readme.substr(0, line_end) + "\n\n" + std::string(banner) + "\n";
  if (rest != std::string::npos) out += "\n" + readme.substr(rest);
  return out;
}

}  // namespace

std::string render_banner(std::size_t auth, std::size_t total, std::string_view sdk) {
  const std::string_view shown = sdk.empty() ? std::string_view("(none)") : sdk;
  return std::string(kBegin) + "\n**Auth-specific code: " + std::to_string(auth) +
         " lines \u00B7 Total example: " + std::to_string(total) +
         " lines \u00B7 SDK: " + std::string(shown) + "**\n" + std::string(kEnd);
}

std::string with_banner(std::string_view readme, std::string_view banner) {
  const std::string text = with_lf(readme);
  std::string out;
  bool replaced = false;
  std::size_t at = 0;
  while (true) {
    const auto begin = text.find(kBegin, at);
    const auto end = begin == std::string::npos ? begin : text.find(kEnd, begin);
    if (end == std::string::npos) break;
    out.append(text, at, begin - at).append(banner);
    at = end + kEnd.size();
    replaced = true;
  }
  if (!replaced) return insert_banner(text, banner);
  return out.append(text, at, std::string::npos);
}

bool is_stale(std::string_view readme, std::string_view banner) {
  return with_banner(readme, banner) != with_lf(readme);
}

}  // namespace authplane::loccount
