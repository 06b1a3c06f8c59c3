#include "counter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "cpp_lexer.h"

namespace authplane::loccount {
namespace {

constexpr std::pair<std::string_view, Language> kExtensions[] = {
    {".go", Language::go},          {".ts", Language::typescript},  {".tsx", Language::typescript},
    {".js", Language::typescript},  {".jsx", Language::typescript}, {".mjs", Language::typescript},
    {".cjs", Language::typescript}, {".py", Language::python},      {".cpp", Language::cpp},
    {".cc", Language::cpp},         {".cxx", Language::cpp},        {".c++", Language::cpp},
    {".hpp", Language::cpp},        {".hh", Language::cpp},         {".hxx", Language::cpp},
    {".h", Language::cpp},          {".ipp", Language::cpp},        {".ixx", Language::cpp},
    {".cppm", Language::cpp},
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\f\v";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::size_t columns_of(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return static_cast<std::size_t>(std::count_if(
      line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Word followed by white space, '<' or '"', as in `import <vector>;`.
bool starts_with_word(std::string_view line, std::string_view word) {
  return line.starts_with(word) &&
         (line.size() == word.size() ||
          std::string_view(" \t<\";").find(line[word.size()]) != std::string_view::npos);
}

bool is_cpp_import(std::string_view line) {
  if (line.starts_with('#')) return starts_with_word(trim(line.substr(1)), "include");
  if (starts_with_word(line, "export")) line = trim(line.substr(6));
  return starts_with_word(line, "import") || starts_with_word(line, "module");
}

// Knows which lines are imports. Go's `import ( ... )` block needs memory; it is fed only lines inside
// markers and keeps its state across the end marker.
class ImportRule {
 public:
  explicit ImportRule(Language language) : language_(language) {}

  bool matches(std::string_view line) {
    switch (language_) {
      case Language::go:
        return matches_go(line);
      case Language::typescript:
        return line.starts_with("import ");
      case Language::python:
        return line.starts_with("import ") ||
               (line.starts_with("from ") && line.find(" import") != std::string_view::npos);
      case Language::cpp:
        return is_cpp_import(line);
      case Language::none:
        return false;
    }
    return false;
  }

 private:
  bool matches_go(std::string_view line) {
    if (in_block_) {
      if (line == ")") in_block_ = false;
      return true;
    }
    if (line.starts_with("import (")) {
      in_block_ = line.back() != ')';
      return true;
    }
    return line.starts_with("import ");
  }

  Language language_;
  bool in_block_ = false;
};

}  // namespace

Language language_of(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return Language::none;
  std::string extension(file_name.substr(dot));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& [known, language] : kExtensions) {
    if (extension == known) return language;
  }
  return Language::none;
}

FileCount count_text(std::string_view text, Language language) {
  FileCount count;
  if (language == Language::none) return count;
  const std::string prefix = language == Language::python ? "#" : "//";
  const std::string begin = prefix + " authplane:begin";
  const std::string end = prefix + " authplane:end";
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);

  ImportRule imports(language);
  CppLexer lexer;
  bool inside = false;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto newline = text.find('\n');
    const std::string_view raw = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    ++number;
    const std::string_view line = trim(raw);

    const bool in_literal = language == Language::cpp && !lexer.at_top_level();
    const bool has_code = language != Language::cpp || lexer.feed(raw);
    if (!in_literal && line.starts_with(begin)) {
      inside = true;
      continue;
    }
    if (!in_literal && line.starts_with(end)) {
      inside = false;
      continue;
    }
    if (line.empty() || !has_code || (!in_literal && line.starts_with(prefix))) continue;
    ++count.total;
    if (!inside || (!in_literal && imports.matches(line))) continue;
    ++count.auth;
    count.auth_lines.push_back({number, columns_of(raw)});
  }
  return count;
}

}  // namespace authplane::loccount
