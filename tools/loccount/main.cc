#include <CLI/CLI.hpp>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "example.h"

namespace {

using authplane::loccount::Example;

void print_table(const std::vector<Example>& examples) {
  for (const auto& e : examples) {
    const char mark = e.over_budget() ? '!' : e.banner_stale ? '*' : ' ';
    std::cout << mark << ' ' << std::left << std::setw(50) << e.path
              << " tier=" << (e.tier.empty() ? "-" : e.tier) << " auth=" << e.auth << " total=" << e.total
              << " budget=" << (e.budget ? std::to_string(e.budget) : "-") << " sdk=" << e.sdk << '\n';
  }
  std::cout << "(! over budget, * banner stale)\n";
}

void print_json(const std::vector<Example>& examples) {
  auto rows = nlohmann::ordered_json::array();
  for (const auto& e : examples) {
    nlohmann::ordered_json row = {{"path", e.path},
                                  {"tier", e.tier},
                                  {"auth_lines", e.auth},
                                  {"total_lines", e.total},
                                  {"sdk_version", e.sdk}};
    if (e.budget > 0) row["budget"] = e.budget;
    if (e.over_budget()) row["over_budget"] = true;
    if (e.banner_stale) row["banner_stale"] = true;
    rows.push_back(std::move(row));
  }
  std::cout << rows.dump(2) << '\n';
}

// "a, b" of the examples for which `wanted` holds.
template <class Predicate>
std::string paths_where(const std::vector<Example>& examples, Predicate wanted) {
  std::string list;
  for (const auto& e : examples) {
    if (wanted(e)) list += (list.empty() ? "" : ", ") + e.path;
  }
  return list;
}

struct Gates {
  bool check = false;
  bool budget = false;
};

bool report_failures(const std::vector<Example>& examples, const Gates& gates) {
  bool failed = false;
  const auto stale = paths_where(examples, [](const Example& e) { return e.banner_stale; });
  if (gates.check && !stale.empty()) {
    std::cerr << "stale banners in: " << stale << " (run loccount --regenerate-banner)\n";
    failed = true;
  }
  const auto over = paths_where(examples, [](const Example& e) { return e.over_budget(); });
  if (gates.budget && !over.empty()) {
    std::cerr << "over budget: " << over << '\n';
    failed = true;
  }
  for (const auto& example : examples) {
    for (const auto& line : example.wide) {
      std::cerr << "too wide: " << line.file << ':' << line.line << " (" << line.columns << " columns)\n";
      failed = true;
    }
  }
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace authplane::loccount;
  CLI::App app{"Counts the auth-specific lines of the examples and holds their budgets."};
  bool regenerate = false, json = false;
  Gates gates;
  std::optional<std::string> budgets_file;
  std::size_t max_width = 0;
  std::vector<std::string> folders;
  app.add_flag("--regenerate-banner", regenerate, "rewrite stale README banners");
  app.add_flag("--check", gates.check, "exit 1 when a banner is stale");
  app.add_flag("--budget", gates.budget, "exit 1 when an example is over its budget");
  app.add_flag("--json", json, "print JSON instead of a table");
  app.add_option("--budgets", budgets_file,
                 "budgets file (default: tools/loccount/budgets.yaml, budgets.yaml)");
  app.add_option("--max-width", max_width, "exit 1 when a counted line has more columns than this");
  app.add_option("DIR", folders, "example folders (default: examples/*/NN-* and examples/*/retrofit*)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }

  try {
    const Budgets budgets = load_budgets(budgets_file);
    std::vector<std::filesystem::path> paths(folders.begin(), folders.end());
    if (paths.empty()) paths = discover_examples(".");
    std::vector<Example> examples;
    for (const auto& path : paths) {
      examples.push_back(measure(path, budgets, max_width));
      if (regenerate && regenerate_banner(examples.back())) examples.back().banner_stale = false;
    }
    if (json) {
      print_json(examples);
    } else if (examples.empty()) {
      std::cout << "no examples found\n";
    } else {
      print_table(examples);
    }
    return report_failures(examples, gates) ? 1 : 0;
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
}
