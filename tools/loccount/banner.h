#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace authplane::loccount {

// The three-line block shown in an example's README.
std::string render_banner(std::size_t auth, std::size_t total, std::string_view sdk);

// The README with every banner block replaced, or with one inserted below the first `# ` heading (or on top).
// Line ends come out as LF. Idempotent.
std::string with_banner(std::string_view readme, std::string_view banner);

// Whether regenerating would change more than line ends.
bool is_stale(std::string_view readme, std::string_view banner);

}  // namespace authplane::loccount
