#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace authplane::loccount {

enum class Language { none, go, typescript, python, cpp };

// By the file name's extension, without case. `none` means the file is not counted.
Language language_of(std::string_view file_name);

// A counted line inside markers, for the width check.
struct AuthLine {
  std::size_t number = 0;   // 1-based
  std::size_t columns = 0;  // Unicode code points, line end not included
};

struct FileCount {
  std::size_t auth = 0;
  std::size_t total = 0;
  std::vector<AuthLine> auth_lines;
};

// Counts one file's text. Lines between `<prefix> authplane:begin` and `<prefix> authplane:end` are auth
// lines. Markers, blank lines and comment lines count nowhere; import lines count in the total only.
FileCount count_text(std::string_view text, Language language);

}  // namespace authplane::loccount
