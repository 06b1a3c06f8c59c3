#pragma once

#include <string>
#include <string_view>

namespace authplane::loccount {

// Just enough of the C++ lexical grammar to tell code from comments line by line: block comments and raw
// strings span lines, everything else ends with its line.
class CppLexer {
 public:
  // Whether the next line starts outside comments and raw strings: only there a marker is a marker.
  bool at_top_level() const { return !in_comment_ && !in_raw_string_; }
  // Reads one line; true when it holds anything besides white space and comments.
  bool feed(std::string_view line);

 private:
  std::size_t skip_quoted(std::string_view line, std::size_t at) const;
  std::size_t enter_raw_string(std::string_view line, std::size_t quote);

  bool in_comment_ = false;
  bool in_raw_string_ = false;
  std::string raw_end_;  // )delimiter" of the raw string we are in
};

}  // namespace authplane::loccount
