#include <authplane/agent/browser.h>

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/testing/temp_folder.h>

namespace authplane::agent {
namespace {

using ::testing::HasSubstr;

TEST(BrowserUrl, OnlyHttpsAndLoopbackHttp) {
  for (const char* good : {"https://as.example/authorize?x=1", "http://127.0.0.1:9000/a", "http://[::1]/a",
                           "http://localhost:9000/a", "http://127.9.9.9/"}) {
    EXPECT_TRUE(check_browser_url(good)) << good;
  }
  for (const char* bad : {"", "javascript:alert(1)", "javascript://h/%0aalert(1)", "file:///etc/passwd",
                          "http://as.example/a", "http://10.0.0.1/", "http://localhost.example/",
                          "https://user@as.example/", "--help", "ftp://as.example/"}) {
    EXPECT_FALSE(check_browser_url(bad)) << bad;
    EXPECT_FALSE(open_in_browser(bad)) << bad;
    EXPECT_FALSE(print_and_open(bad)) << bad;
  }
}

class BrowserTest : public ::testing::Test {
 protected:
  void TearDown() override { ::unsetenv("BROWSER"); }
  authplane::testing::TempFolder folder;
};

TEST_F(BrowserTest, TheUrlIsOneArgumentAndSeesNoShell) {
  const std::string script = folder.file("browser"), out = folder.file("out");
  std::ofstream(script) << "#!/bin/sh\nprintf '%s|' \"$#\" \"$@\" > '" << out << ".new' && mv '" << out
                        << ".new' '" << out << "'\n";
  ASSERT_EQ(::chmod(script.c_str(), 0700), 0);
  ::setenv("BROWSER", script.c_str(), 1);
  const std::string url = "https://as.example/authorize?a=$(id)&b=;c='%22'";
  ASSERT_TRUE(open_in_browser(url));
  std::string seen;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (seen.empty() && std::chrono::steady_clock::now() < deadline) {
    std::getline(std::ifstream(out), seen);
    std::this_thread::yield();
  }
  EXPECT_EQ(seen, "1|" + url + "|");
}

TEST_F(BrowserTest, ABrowserThatCannotBeStartedIsNamed) {
  ::setenv("BROWSER", "/nonexistent/browser", 1);
  const auto opened = open_in_browser("https://as.example/");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("/nonexistent/browser"));
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(print_and_open("https://as.example/"));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("https://as.example/"));
}

}  // namespace
}  // namespace authplane::agent
