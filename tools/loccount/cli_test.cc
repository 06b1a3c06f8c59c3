#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "temp_tree.h"

namespace authplane::loccount {
namespace {

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

class Cli : public ::testing::Test {
 protected:
  Outcome run(const std::string& arguments) {
    const std::string command =
        "cd '" + tree.root().string() + "' && '" + LOCCOUNT_BINARY "' " + arguments + " 2>stderr.txt";
    std::string out;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[512];
    while (std::size_t n = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
    const int status = pclose(pipe);
    return {WEXITSTATUS(status), out, tree.read("stderr.txt")};
  }

  void example(const std::string& name, int auth_lines) {
    std::string text = "int main() {}\n// authplane:begin\n";
    for (int i = 0; i < auth_lines; ++i) text += "auth();\n";
    tree.write("examples/cpp/" + name + "/main.cpp", text + "// authplane:end\n");
    tree.write("examples/cpp/" + name + "/README.md", "# Tier\n\ntext\n");
  }

  TempTree tree;
};

TEST_F(Cli, WithoutExamplesSaysSoAndPasses) {
  EXPECT_EQ(run("").out, "no examples found\n");
  EXPECT_EQ(run("--json").out, "[]\n");
  EXPECT_EQ(run("--check --budget").exit_code, 0);
}

TEST_F(Cli, CheckFailsOnAStaleBannerAndNeverWrites) {
  example("01-x", 2);
  const auto outcome = run("--check");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("stale banners in: examples/cpp/01-x"), std::string::npos);
  EXPECT_EQ(tree.read("examples/cpp/01-x/README.md"), "# Tier\n\ntext\n");
}

TEST_F(Cli, RegenerateWritesOnceAndThenCheckPasses) {
  example("01-x", 2);
  EXPECT_EQ(run("--regenerate-banner --check").exit_code, 0);
  const auto first = tree.read("examples/cpp/01-x/README.md");
  EXPECT_NE(first.find("Auth-specific code: 2 lines"), std::string::npos);
  EXPECT_EQ(run("--regenerate-banner").exit_code, 0);
  EXPECT_EQ(tree.read("examples/cpp/01-x/README.md"), first);
}

TEST_F(Cli, ReportsStaleBannersAndBudgetsTogether) {
  example("01-x", 7);
  tree.write("budgets.yaml", "tiers:\n  \"01\": 6\n");
  const auto outcome = run("--check --budget");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("stale banners in: examples/cpp/01-x"), std::string::npos);
  EXPECT_NE(outcome.err.find("over budget: examples/cpp/01-x"), std::string::npos);
  EXPECT_EQ(outcome.out.front(), '!');
}

TEST_F(Cli, JsonOmitsWhatIsZeroOrFalse) {
  example("01-x", 7);
  example("02-y", 1);
  tree.write("budgets.yaml", "tiers:\n  \"01\": 6\n");
  run("--regenerate-banner examples/cpp/02-y");
  const auto rows = nlohmann::json::parse(run("--json").out);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["path"], "examples/cpp/01-x");
  EXPECT_EQ(rows[0]["auth_lines"], 7);
  EXPECT_EQ(rows[0]["total_lines"], 8);
  EXPECT_EQ(rows[0]["budget"], 6);
  EXPECT_EQ(rows[0]["over_budget"], true);
  EXPECT_EQ(rows[0]["banner_stale"], true);
  for (const char* absent : {"budget", "over_budget", "banner_stale"})
    EXPECT_FALSE(rows[1].contains(absent)) << absent;
}

TEST_F(Cli, WidthLimitFailsAndNamesTheLine) {
  tree.write("examples/cpp/01-x/main.cpp", "// authplane:begin\n" + std::string(111, 'a') + "\n");
  EXPECT_EQ(run("").exit_code, 0);
  const auto outcome = run("--max-width 110");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("examples/cpp/01-x/main.cpp:2 (111 columns)"), std::string::npos);
}

TEST_F(Cli, ExitCodesTellGatesFromMisuse) {
  EXPECT_EQ(run("--no-such-flag").exit_code, 2);
  EXPECT_EQ(run("missing-folder").exit_code, 1);
  EXPECT_EQ(run("--budgets missing.yaml").exit_code, 1);
}

}  // namespace
}  // namespace authplane::loccount
