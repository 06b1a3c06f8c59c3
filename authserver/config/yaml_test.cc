#include "authserver/config/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;

std::string problem_of(std::string_view text, const YamlLimits& limits = {}) {
  Result<YamlNode> parsed = parse_yaml(text, limits);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(Yaml, KeepsNestedMappingsAndSequences) {
  YamlNode root =
      parse_yaml("server:\n  issuer: http://localhost:9000\n  allowed_origins: [a, 'b']\n").value();
  const YamlNode* server = root.find("server");
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->find("issuer")->text, "http://localhost:9000");
  ASSERT_EQ(server->find("allowed_origins")->items.size(), 2u);
  EXPECT_TRUE(server->find("allowed_origins")->items[1].quoted);
  EXPECT_FALSE(server->find("allowed_origins")->items[0].quoted);
}

TEST(Yaml, EmptyTextIsAnEmptyDocument) {
  EXPECT_EQ(parse_yaml("").value().kind, YamlNode::Kind::null);
  EXPECT_EQ(parse_yaml("# only a comment\n").value().kind, YamlNode::Kind::null);
}

TEST(Yaml, EmptySectionAndNullAreNull) {
  YamlNode root = parse_yaml("server:\nadmin: null\ntext: 'null'\n").value();
  EXPECT_EQ(root.find("server")->kind, YamlNode::Kind::null);
  EXPECT_EQ(root.find("admin")->kind, YamlNode::Kind::null);
  EXPECT_EQ(root.find("text")->kind, YamlNode::Kind::scalar);
}

TEST(Yaml, DuplicateKeyIsRefusedWithItsLine) {
  EXPECT_THAT(problem_of("server:\n  a: 1\nadmin:\n  b: 2\nserver:\n  c: 3\n"),
              ::testing::AllOf(HasSubstr("line 5"), HasSubstr("'server' appears twice")));
}

TEST(Yaml, MergeKeyIsRefused) {
  EXPECT_THAT(problem_of("a: &x {k: v}\nb:\n  <<: *x\n"), HasSubstr("merge keys"));
}

TEST(Yaml, AliasesCopyTheirAnchor) {
  YamlNode root = parse_yaml("a: &x [one, two]\nb: *x\n").value();
  EXPECT_EQ(root.find("b")->items.size(), 2u);
}

TEST(Yaml, AliasBombStopsAtTheNodeLimit) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string previous = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k ? "," : "") + previous;
    bomb += "]\n";
  }
  EXPECT_THAT(problem_of(bomb), HasSubstr("more than 20000 values"));
}

TEST(Yaml, DepthAndSizeAreBounded) {
  EXPECT_THAT(problem_of(std::string(40, '[') + std::string(40, ']')), HasSubstr("nested too deeply"));
  EXPECT_THAT(problem_of("a: b", {.max_bytes = 3}), HasSubstr("larger than 3 bytes"));
}

TEST(Yaml, SecondDocumentAndBrokenSyntaxAreRefused) {
  EXPECT_THAT(problem_of("a: 1\n---\nb: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(problem_of("a: [1, 2\n"), HasSubstr("line "));
  EXPECT_THAT(problem_of("? [a]\n: b\n"), HasSubstr("plain text"));
}

}  // namespace
}  // namespace authplane::authserver
