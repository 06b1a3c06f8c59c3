#include "example.h"

#include <gtest/gtest.h>

#include "banner.h"
#include "sdk_version.h"
#include "temp_tree.h"

namespace authplane::loccount {
namespace {

TEST(Tier, IsTwoDigitsAndASeparator) {
  EXPECT_EQ(tier_of("examples/cpp/01-basic"), "01");
  EXPECT_EQ(tier_of("02_agent"), "02");
  EXPECT_EQ(tier_of("03-dpop/"), "03");
  EXPECT_EQ(tier_of("100-x"), "");
  EXPECT_EQ(tier_of("no-prefix"), "");
  EXPECT_EQ(tier_of("01"), "");
  EXPECT_EQ(tier_of("retrofit-existing-mcp-server"), "retrofit");
}

TEST(Measure, SumsFilesAndSkipsForeignFolders) {
  TempTree tree;
  const std::string region = "// authplane:begin\na;\n// authplane:end\nb;\n";
  for (const char* name : {"main.cpp", "sub/more.h", "main_test.cc"})
    tree.write(std::string("01-x/") + name, region);
  for (const char* name : {"node_modules", "vendor", ".git", "dist", "build", "__pycache__", ".venv", "venv",
                           ".run", "out", "_deps", "cmake-build-debug"}) {
    tree.write(std::string("01-x/sub/") + name + "/x.cc", region);
  }
  tree.write("01-x/Makefile", "all:\n");
  tree.write("elsewhere/x.cc", region);
  std::filesystem::create_directory_symlink(tree.root() / "elsewhere", tree.root() / "01-x/linked");
  const auto example = measure(tree.root() / "01-x", {{"01", 3}}, 0);
  EXPECT_EQ(example.auth, 3u);
  EXPECT_EQ(example.total, 6u);
  EXPECT_FALSE(example.over_budget()) << "equal is fine";
  EXPECT_TRUE(measure(tree.root() / "01-x", {{"01", 2}}, 0).over_budget());
  EXPECT_FALSE(measure(tree.root() / "01-x", {}, 0).over_budget());
}

TEST(Measure, MissingReadmeIsNotStale) {
  TempTree tree;
  tree.write("01-x/main.cpp", "a;\n");
  EXPECT_FALSE(measure(tree.root() / "01-x", {}, 0).banner_stale);
  tree.write("01-x/README.md", "# X\n");
  EXPECT_TRUE(measure(tree.root() / "01-x", {}, 0).banner_stale);
}

TEST(Measure, NamesCountedLinesThatAreTooWide) {
  TempTree tree;
  tree.write("01-x/main.cpp", "// authplane:begin\n" + std::string(110, 'a') + "\n" + std::string(111, 'b') +
                                  "\n// authplane:end\n" + std::string(200, 'c') + "\n");
  const auto example = measure(tree.root() / "01-x", {}, 110);
  ASSERT_EQ(example.wide.size(), 1u);
  EXPECT_EQ(example.wide[0].line, 3u);
  EXPECT_TRUE(measure(tree.root() / "01-x", {}, 0).wide.empty());
}

TEST(Measure, RefusesALineOverOneMebibyte) {
  TempTree tree;
  tree.write("01-x/main.cpp", "// authplane:begin\n" + std::string(1024 * 1024 + 1, 'a') + "\nb;\n");
  EXPECT_THROW(measure(tree.root() / "01-x", {}, 0), ReadError);
}

TEST(Measure, RefusesWhatIsNoFolder) {
  TempTree tree;
  EXPECT_THROW(measure(tree.root() / "missing", {}, 0), ReadError);
  EXPECT_THROW(measure(tree.write("file", "x"), {}, 0), ReadError);
}

TEST(Discover, FindsNumberedAndRetrofitExamplesTwoLevelsDown) {
  TempTree tree;
  for (const char* name : {"examples/cpp/02-b/x.cc", "examples/cpp/01_a/x.cc", "examples/go/01-a/x.go",
                           "examples/cpp/retrofit-x/x.cc", "examples/cpp/_shared/x.cc",
                           "examples/cpp/01-a/deep/03-x/x.cc", "other/01-x/x.cc"}) {
    tree.write(name, "a;\n");
  }
  std::vector<std::string> names;
  for (const auto& path : discover_examples(tree.root()))
    names.push_back(path.lexically_relative(tree.root()).string());
  EXPECT_EQ(names, (std::vector<std::string>{"examples/cpp/01-a", "examples/cpp/01_a", "examples/cpp/02-b",
                                             "examples/cpp/retrofit-x", "examples/go/01-a"}));
}

TEST(SdkVersion, ReadsTheFirstManifestThatTells) {
  const std::pair<const char*, const char*> cases[] = {
      {"go.mod", "require github.com/authplane/go-sdk/mcp v1.2.3\n"},
      {"package.json", R"({"dependencies":{"@authplane/sdk":"^2.0.1"}})"},
      {"pyproject.toml", "dependencies = [\"authplane-sdk>=0.3.1\"]\n"},
      {"CMakeLists.txt", "find_package(authplane 0.4 REQUIRED)\n"},
      {"vcpkg.json", R"({"dependencies":[{"name":"authplane","version>=":"0.5.0"}]})"},
      {"conanfile.txt", "[requires]\nauthplane/0.6.0\n"},
  };
  const char* expected[] = {"go-sdk v1.2.3", "ts-sdk ^2.0.1", "python-sdk 0.3.1",
                            "cpp-sdk 0.4",   "cpp-sdk 0.5.0", "cpp-sdk 0.6.0"};
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    TempTree tree;
    for (std::size_t later = i; later < std::size(cases); ++later) {
      tree.write(std::string("ex/") + cases[later].first, cases[later].second);
    }
    EXPECT_EQ(sdk_version(tree.root() / "ex"), expected[i]);
  }
}

TEST(SdkVersion, FallsBackToTheRepositoryVersionForCpp) {
  TempTree tree;
  tree.write("VERSION", "1.9.0\n");
  tree.write("examples/cpp/01-x/CMakeLists.txt", "find_package(authplane REQUIRED)\n");
  tree.write("examples/cpp/02-x/main.go", "a\n");
  EXPECT_EQ(sdk_version(tree.root() / "examples/cpp/01-x"), "cpp-sdk 1.9.0");
  EXPECT_EQ(sdk_version(tree.root() / "examples/cpp/02-x"), "(none)");
}

TEST(Budgets, NamedFileMustExistAndParse) {
  TempTree tree;
  EXPECT_THROW(load_budgets(tree.root() / "none.yaml"), ReadError);
  EXPECT_THROW(load_budgets(tree.write("bad.yaml", "tiers: {\"01\": many}\n")), ReadError);
  const auto budgets = load_budgets(tree.write("b.yaml", "tiers:\n  \"01\": 6\n  retrofit: 5\n"));
  EXPECT_EQ(budgets.at("01"), 6u);
  EXPECT_EQ(budgets.at("retrofit"), 5u);
}

}  // namespace
}  // namespace authplane::loccount
