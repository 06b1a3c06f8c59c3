#include <authplane/dpop/target_uri.h>

#include "test_support.h"

namespace authplane::dpop {
namespace {

using test::outcome;

struct Pair {
  const char* htu;
  const char* request;  // origin and raw path, joined
};

std::string request_side(std::string_view url) {
  const std::size_t path = url.find('/', url.find("//") + 2);
  return htu_of(url.substr(0, path), path == std::string_view::npos ? "" : url.substr(path));
}

TEST(TargetUri, TheSamePlaceSpelledDifferently) {
  const Pair same[] = {
      {"https://rs.example/mcp", "https://rs.example/mcp"},
      {"https://RS.Example/mcp", "https://rs.example/mcp"},
      {"HTTPS://rs.example/mcp", "https://rs.example/mcp"},
      {"https://rs.example:443/mcp", "https://rs.example/mcp"},
      {"http://rs.example:80/mcp", "http://rs.example/mcp"},
      {"http://rs.example:8080/mcp", "http://rs.example:8080/mcp"},
      {"https://rs.example", "https://rs.example/"},
      {"https://rs.example/", "https://rs.example"},
      {"https://rs.example/mcp?a=b", "https://rs.example/mcp"},
      {"https://rs.example/mcp#f", "https://rs.example/mcp"},
      {"https://rs.example/mcp", "https://rs.example/mcp?a=b"},
      {"https://rs.example?a=b", "https://rs.example/"},
      {"https://rs.example/%7euser", "https://rs.example/~user"},
      {"https://rs.example/~user", "https://rs.example/%7Euser"},
      {"https://rs.example/%6Dcp", "https://rs.example/mcp"},
      {"https://rs.example/a%2fb", "https://rs.example/a%2Fb"},
      {"https://rs.example/%c3%a4", "https://rs.example/%C3%A4"},
      {"https://[::1]:8443/mcp", "https://[::1]:8443/mcp"},
      {"https://[2001:DB8::1]:443/mcp", "https://[2001:db8::1]/mcp"},
  };
  for (const auto& [htu, request] : same) {
    const auto normalized = normalize_htu(htu);
    ASSERT_EQ(outcome(normalized), "ok") << htu;
    EXPECT_EQ(*normalized, request_side(request)) << htu;
  }
}

TEST(TargetUri, DifferentPlaces) {
  const Pair different[] = {
      {"https://rs.example/other", "https://rs.example/mcp"},
      {"https://other.example/mcp", "https://rs.example/mcp"},
      {"https://rs.example:8443/mcp", "https://rs.example/mcp"},
      {"https://rs.example:80/mcp", "https://rs.example/mcp"},
      {"http://rs.example:443/mcp", "http://rs.example/mcp"},
      {"http://rs.example/mcp", "https://rs.example/mcp"},
      {"https://rs.example/a%2Fb", "https://rs.example/a/b"},
      {"https://rs.example/a/b", "https://rs.example/a%2Fb"},
      {"https://rs.example/mcp/", "https://rs.example/mcp"},
      {"https://rs.example/MCP", "https://rs.example/mcp"},
      {"https://rs.example/a/../mcp", "https://rs.example/mcp"},
      {"https://rs.example/./mcp", "https://rs.example/mcp"},
      {"https://rs.example//mcp", "https://rs.example/mcp"},
      {"https://rs.example/%252E", "https://rs.example/%2E"},
      {"https://rs.example./mcp", "https://rs.example/mcp"},
  };
  for (const auto& [htu, request] : different) {
    const auto normalized = normalize_htu(htu);
    ASSERT_EQ(outcome(normalized), "ok") << htu;
    EXPECT_NE(*normalized, request_side(request)) << htu;
  }
}

TEST(TargetUri, RefusesWhatIsNoAbsoluteHttpUrl) {
  for (const char* htu :
       {"", "/mcp", "rs.example/mcp", "//rs.example/mcp", "https:///mcp", "https://", "ftp://rs.example/mcp",
        "urn:x:y", "https://user@rs.example/mcp", "https://user:pw@rs.example/mcp",
        "https://rs.example:0/mcp", "https://rs.example:65536/mcp", "https://rs.example/a b",
        "https://rs.example/%zz", "https://rs.example/%2", " https://rs.example/mcp"}) {
    EXPECT_EQ(outcome(normalize_htu(htu)), "invalid_argument") << htu;
  }
}

TEST(TargetUri, NormalizingTwiceChangesNothing) {
  for (const char* htu : {"https://RS.example:443/%7e%2f?x", "http://rs.example", "https://[::1]/%25%41"}) {
    const std::string once = normalize_htu(htu).value();
    EXPECT_EQ(normalize_htu(once).value(), once);
  }
}

TEST(TargetUri, UserinfoOfAnOutgoingUrlIsLeftOut) {
  EXPECT_EQ(htu_of(Url::parse("https://user:pw@RS.example:443/mcp?x=1#f").value()), "https://rs.example/mcp");
}

// A request target that does not begin with a slash must not turn the host into another one.
TEST(TargetUri, ARawPathCannotContinueTheHost) {
  EXPECT_EQ(htu_of("https://rs.example", ".evil.example/mcp"), "https://rs.example/.evil.example/mcp");
  EXPECT_EQ(htu_of("https://rs.example", "*"), "https://rs.example/*");
  EXPECT_EQ(htu_of("https://rs.example", ""), "https://rs.example/");
  EXPECT_EQ(htu_of("https://rs.example", "?x"), "https://rs.example/");
}

TEST(TargetUri, MalformedTripletsOfARequestStayAsTheyAre) {
  for (const char* path : {"/%", "/%2", "/%zz", "/%%41", "/a%2"}) {
    const std::string htu = htu_of("https://rs.example", path);
    EXPECT_EQ(outcome(normalize_htu(htu)), "invalid_argument") << htu;
  }
}

// Decoded piece by piece, "%%41%41" would come out as the well-formed "%AA".
TEST(HtuOfRequest, AMalformedTripletEqualsNoProof) {
  EXPECT_EQ(htu_of("https://rs.example", "/%%41%41"), "https://rs.example/%%41%41");
  EXPECT_EQ(htu_of("https://rs.example", "/a%%3737"), "https://rs.example/a%%3737");
  EXPECT_EQ(htu_of("https://rs.example", "/%41%4"), "https://rs.example/%41%4");
  EXPECT_FALSE(normalize_htu("https://rs.example/%%41%41"));
}

}  // namespace
}  // namespace authplane::dpop
