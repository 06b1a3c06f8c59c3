#include "example.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>

#include "banner.h"
#include "counter.h"
#include "sdk_version.h"

namespace authplane::loccount {
namespace {

namespace fs = std::filesystem;

// Generated or minified text, not an example: refused rather than half counted.
constexpr std::size_t kMaxLine = 1024 * 1024;

bool is_skipped(const std::string& name) {
  static const std::set<std::string> skipped = {"node_modules", "vendor",      ".git",  "dist",
                                                "build",        "__pycache__", ".venv", "venv",
                                                ".run",         "out",         "_deps"};
  return skipped.contains(name) || name.starts_with("cmake-build-");
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ReadError("cannot read " + file.string());
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) throw ReadError("cannot read " + file.string());
  return text;
}

std::vector<fs::path> source_files(const fs::path& folder) {
  std::vector<fs::path> files;
  try {
    for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
      const std::string name = it->path().filename().string();
      if (it->is_directory()) {
        if (is_skipped(name) || it->is_symlink()) it.disable_recursion_pending();
      } else if (it->is_regular_file() && language_of(name) != Language::none) {
        files.push_back(it->path());
      }
    }
  } catch (const fs::filesystem_error& e) {
    throw ReadError(std::string("cannot read ") + folder.string() + ": " + e.code().message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void refuse_huge_lines(const fs::path& file, const std::string& text) {
  std::size_t start = 0;
  while (start < text.size()) {
    const auto end = std::min(text.find('\n', start), text.size());
    if (end - start > kMaxLine) throw ReadError(file.string() + " has a line over 1 MiB");
    start = end + 1;
  }
}

}  // namespace

std::string tier_of(const fs::path& example) {
  fs::path clean = example.lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  const std::string name = clean.filename().string();
  if (name.starts_with("retrofit")) return "retrofit";
  const auto digit = [&](std::size_t i) { return std::isdigit(static_cast<unsigned char>(name[i])) != 0; };
  if (name.size() > 2 && digit(0) && digit(1) && (name[2] == '-' || name[2] == '_')) return name.substr(0, 2);
  return "";
}

Budgets load_budgets(const std::optional<fs::path>& file) {
  fs::path found;
  if (file) {
    if (!fs::is_regular_file(*file)) throw ReadError("budgets file not found: " + file->string());
    found = *file;
  } else {
    for (const char* candidate : {"tools/loccount/budgets.yaml", "budgets.yaml"}) {
      if (found.empty() && fs::is_regular_file(candidate)) found = candidate;
    }
    if (found.empty()) return {};
  }
  Budgets budgets;
  try {
    for (const auto& entry : YAML::LoadFile(found.string())["tiers"]) {
      budgets[entry.first.as<std::string>()] = entry.second.as<std::size_t>();
    }
  } catch (const YAML::Exception& e) {
    throw ReadError("bad budgets file " + found.string() + ": " + e.what());
  }
  return budgets;
}

std::vector<fs::path> discover_examples(const fs::path& root) {
  std::vector<fs::path> found;
  const fs::path examples = root / "examples";
  if (!fs::is_directory(examples)) return found;
  for (const auto& language : fs::directory_iterator(examples)) {
    if (!language.is_directory()) continue;
    for (const auto& example : fs::directory_iterator(language.path())) {
      if (example.is_directory() && !tier_of(example.path()).empty()) {
        found.push_back(root == "." ? example.path().lexically_relative(".") : example.path());
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Example measure(const fs::path& folder, const Budgets& budgets, std::size_t max_width) {
  if (!fs::is_directory(folder)) throw ReadError("not a directory: " + folder.string());
  Example example;
  example.path = folder.string();
  example.tier = tier_of(folder);
  example.sdk = sdk_version(folder);
  if (const auto budget = budgets.find(example.tier); budget != budgets.end())
    example.budget = budget->second;
  for (const auto& file : source_files(folder)) {
    const std::string text = read_file(file);
    refuse_huge_lines(file, text);
    const FileCount count = count_text(text, language_of(file.filename().string()));
    example.auth += count.auth;
    example.total += count.total;
    for (const auto& line : count.auth_lines) {
      if (max_width > 0 && line.columns > max_width)
        example.wide.push_back({file.string(), line.number, line.columns});
    }
  }
  if (fs::is_regular_file(folder / "README.md")) {
    example.banner_stale =
        is_stale(read_file(folder / "README.md"), render_banner(example.auth, example.total, example.sdk));
  }
  return example;
}

bool regenerate_banner(const Example& example) {
  if (!example.banner_stale) return false;
  const fs::path readme = fs::path(example.path) / "README.md";
  const std::string text =
      with_banner(read_file(readme), render_banner(example.auth, example.total, example.sdk));
  std::ofstream out(readme, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw ReadError("cannot write " + readme.string());
  return true;
}

}  // namespace authplane::loccount
