#include "banner.h"

#include <gtest/gtest.h>

namespace authplane::loccount {
namespace {

const std::string kBlock =
    "<!-- loccount:begin -->\n**Auth-specific code: 5 lines \u00B7 Total example: 49 lines \u00B7 SDK: "
    "cpp-sdk 0.1.0**\n"
    "<!-- loccount:end -->";

TEST(Banner, IsThreeLines) {
  EXPECT_EQ(render_banner(5, 49, "cpp-sdk 0.1.0"), kBlock);
}
TEST(Banner, SaysLinesAlsoForOne) {
  EXPECT_NE(render_banner(1, 1, "x").find("1 lines"), std::string::npos);
}
TEST(Banner, NamesAMissingSdk) {
  EXPECT_NE(render_banner(1, 1, "").find("SDK: (none)"), std::string::npos);
}

TEST(Banner, IsInsertedBelowTheFirstHeading) {
  EXPECT_EQ(with_banner("# Title\ntext\n", kBlock), "# Title\n\n" + kBlock + "\n\ntext\n");
  EXPECT_EQ(with_banner("intro\n# Title\n\n\ntext\n", kBlock), "intro\n# Title\n\n" + kBlock + "\n\ntext\n");
  EXPECT_EQ(with_banner("# Title", kBlock), "# Title\n\n" + kBlock + "\n");
}
TEST(Banner, GoesOnTopWithoutAHeading) {
  EXPECT_EQ(with_banner("## Sub\n", kBlock), kBlock + "\n\n## Sub\n");
}

TEST(Banner, ReplacesEveryBlock) {
  const std::string old = "<!-- loccount:begin -->\nold\n<!-- loccount:end -->";
  EXPECT_EQ(with_banner("# T\n" + old + "\nx\n" + old + "\n", kBlock),
            "# T\n" + kBlock + "\nx\n" + kBlock + "\n");
}
TEST(Banner, LeavesABlockWithoutEndAlone) {
  EXPECT_EQ(with_banner("# T\n<!-- loccount:begin -->\nx\n", kBlock),
            "# T\n\n" + kBlock + "\n\n<!-- loccount:begin -->\nx\n");
}
TEST(Banner, SecondRunChangesNothing) {
  for (const char* text : {"# Title\ntext\n", "no heading\n", "# T", ""}) {
    const auto once = with_banner(text, kBlock);
    EXPECT_EQ(with_banner(once, kBlock), once);
    EXPECT_FALSE(is_stale(once, kBlock));
  }
}
TEST(Banner, DollarAndBackslashAreLiteral) {
  const auto block = render_banner(1, 2, "v$1\\0&");
  EXPECT_NE(with_banner(with_banner("# T\n", kBlock), block).find("v$1\\0&"), std::string::npos);
}
TEST(Banner, LineEndsAloneAreNotStale) {
  std::string crlf;
  for (char c : with_banner("# Title\ntext\n", kBlock))
    crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_FALSE(is_stale(crlf, kBlock));
  EXPECT_TRUE(is_stale(crlf, render_banner(6, 49, "cpp-sdk 0.1.0")));
}

}  // namespace
}  // namespace authplane::loccount
