#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <authplane/base/log.h>
#include <authplane/testing/temp_folder.h>
#include <gtest/gtest.h>

#include "authserver/storage/sqlite/connection.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver {
namespace {

// Runs the writing program until it has acknowledged `at_least` writes, kills it in the middle of its work
// and answers every line it acknowledged.
std::vector<std::string> acknowledged_before_kill(const std::string& database, const char* what,
                                                  std::size_t at_least) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl(AUTHPLANE_APPEND_PROGRAM, AUTHPLANE_APPEND_PROGRAM, database.c_str(), what, nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  FILE* acknowledgements = ::fdopen(ends[0], "r");
  std::vector<std::string> lines;
  char line[256];
  while (std::fgets(line, sizeof line, acknowledgements) != nullptr) {
    lines.emplace_back(line);
    if (lines.size() == at_least) ::kill(child, SIGKILL);
  }
  std::fclose(acknowledgements);
  ::waitpid(child, nullptr, 0);
  return lines;
}

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() { options_.path = directory_.file("authserver.db"); }
  std::unique_ptr<Storage> open() { return open_sqlite(options_, clock_, logger_).value(); }

  const testing::TempFolder directory_;
  SqliteOptions options_;
  const SystemClock clock_;
  NullLogger logger_;
};

TEST_F(CrashTest, EveryAcknowledgedTokenSurvivesKill) {
  constexpr std::size_t kRounds = 20;
  std::vector<TimeOrderedId> acknowledged;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::size_t at_least = 1 + round * 13;
    const auto lines = acknowledged_before_kill(options_.path, "tokens", at_least);
    ASSERT_GE(lines.size(), at_least) << "round " << round;
    for (const std::string& line : lines) {
      const auto id = TimeOrderedId::parse(std::string_view(line).substr(6, 36));
      ASSERT_TRUE(id) << line;
      acknowledged.push_back(*id);
    }
    auto storage = open();
    std::size_t lost = 0;
    for (const TimeOrderedId& id : acknowledged) lost += !storage->issuances().get(id);
    ASSERT_EQ(lost, 0U) << "round " << round << ", " << acknowledged.size() << " acknowledged";
  }
  sqlite::Connection connection(options_.path, sqlite::Access::read_write_create, options_.busy_timeout);
  auto integrity = connection.query("PRAGMA integrity_check");
  ASSERT_TRUE(integrity.step());
  EXPECT_EQ(integrity.text(0), "ok");
  auto unaudited =
      connection.query("SELECT (SELECT count(*) FROM issuances) - (SELECT count(*) FROM audit_events)");
  ASSERT_TRUE(unaudited.step());
  EXPECT_EQ(unaudited.integer(0), 0);
}

// What the program said about accounts, assertions and pending connects, and whether the file agrees.
class Acknowledged {
 public:
  void add(const std::string& line) {
    std::istringstream words(line);
    std::string verb, id;
    words >> verb >> id;
    if (verb == "spent") spent_.push_back(id);
    if (verb == "taken") taken_.push_back(id);
    if (verb != "connected" && verb != "rotated") return;
    Credential& credential = credentials_[id];
    words >> credential.version >> credential.text;
  }

  // How much of it is not in the file.
  std::size_t lost(Storage& storage, WallTime now) const {
    std::size_t lost = 0;
    for (const std::string& assertion : spent_) {
      lost += storage.xaa().spend_assertion(sha256(assertion), now + std::chrono::hours(1)).value();
    }
    for (const std::string& id : taken_) {
      lost += storage.broker_grants().finish(id, now).value().has_value();
    }
    for (const auto& [id, acknowledged] : credentials_) {
      const auto stored = storage.broker_grants().get(id);
      // What was committed and not acknowledged any more may be there as well.
      const bool is_there =
          stored && stored->is_active() && stored->version >= acknowledged.version &&
          (stored->version > acknowledged.version || stored->credential == acknowledged.text);
      lost += !is_there;
    }
    return lost;
  }

  std::size_t accounts() const { return credentials_.size(); }

 private:
  struct Credential {
    std::int64_t version = 0;
    std::string text;
  };
  std::vector<std::string> spent_, taken_;
  std::map<std::string, Credential> credentials_;
};

TEST_F(CrashTest, EveryAcknowledgedConnectRotationAndSpentAssertionSurvivesKill) {
  constexpr std::size_t kRounds = 12;
  Acknowledged acknowledged;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::size_t at_least = 1 + round * 17;
    const auto lines = acknowledged_before_kill(options_.path, "delegation", at_least);
    ASSERT_GE(lines.size(), at_least) << "round " << round;
    for (const std::string& line : lines) acknowledged.add(line);
    ASSERT_EQ(acknowledged.lost(*open(), clock_.now()), 0U) << "round " << round;
  }
  EXPECT_EQ(acknowledged.accounts(), 4U);
}

}  // namespace
}  // namespace authplane::authserver
