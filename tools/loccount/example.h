#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace authplane::loccount {

// A counted line longer than the limit.
struct WideLine {
  std::string file;
  std::size_t line = 0;
  std::size_t columns = 0;
};

struct Example {
  std::string path;
  std::string tier;  // "01" ... "99", "retrofit", or ""
  std::size_t auth = 0;
  std::size_t total = 0;
  std::string sdk;
  std::size_t budget = 0;  // 0 = none
  bool banner_stale = false;
  std::vector<WideLine> wide;

  bool over_budget() const { return budget > 0 && auth > budget; }
};

using Budgets = std::map<std::string, std::size_t>;

// A folder or file that cannot be read; the message names it.
class ReadError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Two leading digits followed by '-' or '_', or a name starting with "retrofit"; else "".
std::string tier_of(const std::filesystem::path& example);

// `file` must exist when given; without it tools/loccount/budgets.yaml and budgets.yaml are tried, and none
// is fine.
Budgets load_budgets(const std::optional<std::filesystem::path>& file);

// examples/*/NN-name and examples/*/retrofit* below `root`, sorted.
std::vector<std::filesystem::path> discover_examples(const std::filesystem::path& root);

// Counts every source file below the folder. `max_width` 0 = no limit.
Example measure(const std::filesystem::path& folder, const Budgets& budgets, std::size_t max_width);

// Rewrites the README when its banner is stale; true when it wrote.
bool regenerate_banner(const Example& example);

}  // namespace authplane::loccount
