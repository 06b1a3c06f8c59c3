#include "sdk_version.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <regex>

namespace authplane::loccount {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

struct Manifest {
  const char* file;
  const char* pattern;  // group 1 is the version
  const char* label;
};

const Manifest kManifests[] = {
    {"go.mod", R"(github\.com/authplane/go-sdk(?:/\S+)?\s+(v\S+))", "go-sdk "},
    {"package.json", R"re("@authplane/sdk"\s*:\s*"([^"]+)")re", "ts-sdk "},
    {"pyproject.toml", R"(authplane[-_]sdk[^"'\n=><~]*(?:==|>=|~=|=)\s*["']?(?:==|>=)?\s*([0-9][^"',\s\]]*))",
     "python-sdk "},
    {"CMakeLists.txt", R"(find_package\s*\(\s*authplane\s+([0-9][0-9.]*))", "cpp-sdk "},
    {"vcpkg.json", R"re("name"\s*:\s*"authplane"[^}]*"version(?:>=)?"\s*:\s*"([^"]+)")re", "cpp-sdk "},
    {"conanfile.txt", R"(authplane/([0-9][^\s@#]*))", "cpp-sdk "},
    {"conanfile.py", R"(authplane/([0-9][^\s@#"']*))", "cpp-sdk "},
};

std::optional<std::string> repository_version(const fs::path& example) {
  std::error_code ignored;
  fs::path at = fs::weakly_canonical(example, ignored);
  for (int depth = 0; depth < 5 && at.has_parent_path() && at != at.parent_path(); ++depth) {
    at = at.parent_path();
    if (auto text = read(at / "VERSION")) return text->substr(0, text->find_first_of(" \t\r\n"));
  }
  return std::nullopt;
}

}  // namespace

std::string sdk_version(const fs::path& example) {
  for (const auto& manifest : kManifests) {
    const auto text = read(example / manifest.file);
    std::smatch match;
    if (text && std::regex_search(*text, match, std::regex(manifest.pattern, std::regex::icase))) {
      return manifest.label + match[1].str();
    }
  }
  if (fs::exists(example / "CMakeLists.txt")) {
    if (auto version = repository_version(example)) return "cpp-sdk " + *version;
  }
  return "(none)";
}

}  // namespace authplane::loccount
