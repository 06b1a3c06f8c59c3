#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/base/url.h>
#include <authplane/http_httplib/transport.h>

namespace authplane::gh_standin {
namespace {

const std::vector<std::string> kNeeded = {"--client-id",     "id",
                                          "--client-secret", "the-secret",
                                          "--callback",      "http://localhost:9000/connect/github/callback"};

// The program, with both its outputs in one pipe.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    int ends[2];
    if (pipe(ends) != 0) return;
    arguments.insert(arguments.begin(), GH_STANDIN_BINARY);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], 1);
      dup2(ends[1], 2);
      execv(GH_STANDIN_BINARY, argv.data());
      _exit(127);
    }
    close(ends[1]);
    out_ = fdopen(ends[0], "r");
  }
  ~Program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (out_) fclose(out_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::string line() {
    char buffer[512] = "";
    return fgets(buffer, sizeof buffer, out_) ? std::string(buffer, strcspn(buffer, "\n")) : std::string();
  }
  int exit_code() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WEXITSTATUS(status);
  }

 private:
  pid_t pid_ = -1;
  FILE* out_ = nullptr;
};

std::vector<std::string> needed_and(std::vector<std::string> more) {
  more.insert(more.begin(), kNeeded.begin(), kNeeded.end());
  return more;
}

TEST(Program, TakesAFreePortAndSaysWhich) {
  Program program(needed_and({"--port", "0", "--mode", "deny"}));
  const std::string said = program.line(), expected = "gh-standin listens on 127.0.0.1:";
  ASSERT_TRUE(said.starts_with(expected)) << said;
  OutboundRequest request;
  request.url = Url::parse("http://127.0.0.1:" + said.substr(expected.size()) + "/_control/health").value();
  const auto response = make_httplib_transport()->send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);

  Program second(needed_and({"--port", said.substr(expected.size())}));
  EXPECT_NE(second.line().find("is the port in use?"), std::string::npos);
  EXPECT_EQ(second.exit_code(), 1);
}

TEST(Program, RefusesWhatItCannotUse) {
  const auto refused = [](std::vector<std::string> arguments, const std::string& why) {
    Program program(std::move(arguments));
    EXPECT_NE(program.line().find(why), std::string::npos) << why;
    EXPECT_EQ(program.exit_code(), 2) << why;
  };
  refused({}, "--client-id is missing");
  refused({"--client-id", "id", "--client-secret", "s"}, "--callback is missing");
  refused(needed_and({"--port", "65536"}), "--port must be");
  refused(needed_and({"--port", "9100x"}), "--port must be");
  refused(needed_and({"--mode", "nonsense"}), "--mode 'nonsense' is unknown");
  refused(needed_and({"--verbose", "yes"}), "unknown option --verbose");
  refused(needed_and({"--user"}), "--user needs a value");
}

}  // namespace
}  // namespace authplane::gh_standin
