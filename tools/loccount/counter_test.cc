#include "counter.h"

#include <gtest/gtest.h>

namespace authplane::loccount {
namespace {

struct Counts {
  std::size_t auth, total;
  friend bool operator==(const Counts&, const Counts&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Counts& c) {
    return out << c.auth << "/" << c.total;
  }
};

Counts cpp(std::string_view text) {
  const auto count = count_text(text, Language::cpp);
  return {count.auth, count.total};
}
Counts in(Language language, std::string_view text) {
  const auto count = count_text(text, language);
  return {count.auth, count.total};
}

TEST(Language, ComesFromTheExtensionWithoutCase) {
  EXPECT_EQ(language_of("main.cpp"), Language::cpp);
  EXPECT_EQ(language_of("MAIN.HPP"), Language::cpp);
  EXPECT_EQ(language_of("a.c++"), Language::cpp);
  EXPECT_EQ(language_of("a.cppm"), Language::cpp);
  EXPECT_EQ(language_of("server.go"), Language::go);
  EXPECT_EQ(language_of("a.test.mjs"), Language::typescript);
  EXPECT_EQ(language_of("server.py"), Language::python);
  for (const char* name : {"Makefile", "run.sh", "a.yaml", "README.md", "CMakeLists.txt", "a.json"}) {
    EXPECT_EQ(language_of(name), Language::none) << name;
  }
}

TEST(Count, MarkersBlankLinesAndCommentsCountNowhere) {
  EXPECT_EQ(cpp("int a;\n\n// comment\n// authplane:begin\nauth();\n// note\n\n// authplane:end\nint b;\n"),
            (Counts{1, 3}));
}
TEST(Count, SeveralRegionsAreSummed) {
  EXPECT_EQ(
      cpp("// authplane:begin\na;\n// authplane:end\nb;\n// authplane:begin\nc;\nd;\n// authplane:end\n"),
      (Counts{3, 4}));
}
TEST(Count, BeginWithoutEndCountsToTheEndOfTheFile) {
  EXPECT_EQ(cpp("a;\n// authplane:begin\nb;\nc;\n"), (Counts{2, 3}));
}
TEST(Count, EndWithoutBeginIsIgnored) {
  EXPECT_EQ(cpp("// authplane:end\na;\n"), (Counts{0, 1}));
}
TEST(Count, RegionsDoNotNest) {
  EXPECT_EQ(cpp("// authplane:begin\n// authplane:begin\na;\n// authplane:end\nb;\n// authplane:end\n"),
            (Counts{1, 2}));
}
TEST(Count, MarkerWithoutTheSpaceIsAComment) {
  EXPECT_EQ(cpp("//authplane:begin\na;\n"), (Counts{0, 1}));
}
TEST(Count, MarkerMayCarryTextBehindIt) {
  EXPECT_EQ(cpp("// authplane:begin (verify)\na;\n// authplane:end, done\nb;\n"), (Counts{1, 2}));
}
TEST(Count, MarkerMayBeIndentedWithTabs) {
  EXPECT_EQ(cpp("\t// authplane:begin\n\ta;\n\t// authplane:end\n"), (Counts{1, 1}));
}
TEST(Count, TrailingCommentDoesNotMatter) {
  EXPECT_EQ(cpp("// authplane:begin\na;  // why\n"), (Counts{1, 1}));
}
TEST(Count, EmptyFileCountsZero) {
  EXPECT_EQ(cpp(""), (Counts{0, 0}));
}
TEST(Count, CrLfAndByteOrderMarkChangeNothing) {
  EXPECT_EQ(cpp("\xEF\xBB\xBF// authplane:begin\r\na;\r\n\r\n// authplane:end\r\nb;\r\n"), (Counts{1, 2}));
}
TEST(Count, LastLineWithoutLineEndCounts) {
  EXPECT_EQ(cpp("a;\nb;"), (Counts{0, 2}));
}

TEST(CountCpp, IncludesAndModuleImportsCountInTheTotalOnly) {
  EXPECT_EQ(cpp("// authplane:begin\n#include <a>\n#  include \"b\"\nimport <c>;\nimport d;\nmodule;\nexport "
                "import e;\nf();\n"),
            (Counts{1, 7}));
}
TEST(CountCpp, UsingAndNamespaceAliasesCount) {
  EXPECT_EQ(cpp("// authplane:begin\nusing namespace a;\nnamespace b = a;\n"), (Counts{2, 2}));
}
TEST(CountCpp, OtherPreprocessorLinesCount) {
  EXPECT_EQ(cpp("// authplane:begin\n#define A 1\n#ifdef A\n#endif\n"), (Counts{3, 3}));
}
TEST(CountCpp, NamesThatOnlyStartLikeImportsCount) {
  EXPECT_EQ(cpp("// authplane:begin\nimporter();\nmodules();\nexport_all();\n"), (Counts{3, 3}));
}
TEST(CountCpp, BlockCommentsDoNotCount) {
  EXPECT_EQ(cpp("/* a\n b\n */\nc; /* d\n e */ f;\n/* g */ h;\n"), (Counts{0, 3}));
}
TEST(CountCpp, MarkerInsideABlockCommentIsNone) {
  EXPECT_EQ(cpp("/*\n// authplane:begin\n*/\na;\n"), (Counts{0, 1}));
}
TEST(CountCpp, MarkerInsideARawStringIsCode) {
  EXPECT_EQ(cpp("auto s = R\"(\n// authplane:begin\n)\";\na;\n"), (Counts{0, 4}));
  EXPECT_EQ(cpp("// authplane:begin\nauto s = R\"x(\n// authplane:end\n)\" )x\";\na;\n"), (Counts{4, 4}));
}
TEST(CountCpp, CommentOpenersInsideStringsAreText) {
  EXPECT_EQ(cpp("a(\"/*\");\nb('\"', \"//\");\nc(\"\\\"/*\");\nd;\n"), (Counts{0, 4}));
}
TEST(CountCpp, DigitSeparatorsOpenNoCharacterLiteral) {
  EXPECT_EQ(cpp("a(1'000); /* x\n y */\nb;\n"), (Counts{0, 2}));
}

TEST(CountOther, BlockCommentsAndDocstringsCountAsCode) {
  EXPECT_EQ(in(Language::go, "/* a\nb */\nc\n"), (Counts{0, 3}));
  EXPECT_EQ(in(Language::python, "# authplane:begin\n\"\"\"doc\ntext\"\"\"\n"), (Counts{2, 2}));
}
TEST(CountOther, PythonUsesItsOwnPrefix) {
  EXPECT_EQ(in(Language::python, "# authplane:begin\na\n# note\n# authplane:end\n// authplane:begin\nb\n"),
            (Counts{1, 3}));
}
TEST(CountOther, FirstLineOfAMultiLineImportIsAnImportTheOthersAreNot) {
  EXPECT_EQ(in(Language::python, "# authplane:begin\nfrom a import (\n  b,\n)\n"), (Counts{2, 3}));
  EXPECT_EQ(in(Language::typescript, "// authplane:begin\nimport {\n  b,\n} from 'a';\n"), (Counts{2, 3}));
}
TEST(CountOther, GoImportBlocksAreImports) {
  EXPECT_EQ(in(Language::go, "// authplane:begin\nimport (\n\"a\"\n\"b\"\n)\nc()\n"), (Counts{1, 5}));
  EXPECT_EQ(in(Language::go, "// authplane:begin\nimport (\"a\")\nc()\n"), (Counts{1, 2}));
  EXPECT_EQ(in(Language::go, "// authplane:begin\nimport \"a\"\nc()\n"), (Counts{1, 2}));
}
TEST(CountOther, GoImportStateSurvivesTheEndMarker) {
  EXPECT_EQ(
      in(Language::go, "// authplane:begin\nimport (\n// authplane:end\nx\n// authplane:begin\ny\n)\nz\n"),
      (Counts{1, 5}));
}
TEST(CountOther, GoImportBlockOutsideMarkersIsNotTracked) {
  EXPECT_EQ(in(Language::go, "import (\n// authplane:begin\n\"a\"\n"), (Counts{1, 2}));
}

TEST(Width, CountsCodePointsWithoutTheLineEnd) {
  const auto count = count_text("// authplane:begin\na(\"\u00e9\");\r\n", Language::cpp);
  ASSERT_EQ(count.auth_lines.size(), 1u);
  EXPECT_EQ(count.auth_lines[0].number, 2u);
  EXPECT_EQ(count.auth_lines[0].columns, 7u);
}

}  // namespace
}  // namespace authplane::loccount
