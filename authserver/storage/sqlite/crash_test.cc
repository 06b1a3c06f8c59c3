#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include <authplane/base/log.h>
#include <gtest/gtest.h>

#include "authserver/storage/sqlite/connection.h"
#include "authserver/storage/sqlite/sqlite_storage.h"
#include "authserver/storage/test_directory.h"

namespace authplane::authserver {
namespace {

// Runs the appending program until it has acknowledged `at_least` tokens, kills it in the middle of its work
// and answers every id it acknowledged.
std::vector<TimeOrderedId> acknowledged_before_kill(const std::string& database, std::size_t at_least) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl(AUTHPLANE_APPEND_PROGRAM, AUTHPLANE_APPEND_PROGRAM, database.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  FILE* acknowledgements = ::fdopen(ends[0], "r");
  std::vector<TimeOrderedId> ids;
  char line[64];
  while (std::fgets(line, sizeof line, acknowledgements) != nullptr) {
    const auto id = TimeOrderedId::parse(std::string_view(line).substr(0, 36));
    if (id) ids.push_back(*id);
    if (ids.size() == at_least) ::kill(child, SIGKILL);
  }
  std::fclose(acknowledgements);
  ::waitpid(child, nullptr, 0);
  return ids;
}

TEST(CrashTest, EveryAcknowledgedTokenSurvivesKill) {
  constexpr std::size_t kRounds = 20;
  const TestDirectory directory;
  SqliteOptions options;
  options.path = directory.file("authserver.db");
  const SystemClock clock;
  NullLogger logger;
  std::vector<TimeOrderedId> acknowledged;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::size_t at_least = 1 + round * 13;
    const auto ids = acknowledged_before_kill(options.path, at_least);
    ASSERT_GE(ids.size(), at_least) << "round " << round;
    acknowledged.insert(acknowledged.end(), ids.begin(), ids.end());

    auto storage = open_sqlite(options, clock, logger).value();
    std::size_t lost = 0;
    for (const TimeOrderedId& id : acknowledged) lost += !storage->issuances().get(id);
    ASSERT_EQ(lost, 0U) << "round " << round << ", " << acknowledged.size() << " acknowledged";
  }
  sqlite::Connection connection(options.path, sqlite::Access::read_write_create, options.busy_timeout);
  auto integrity = connection.query("PRAGMA integrity_check");
  ASSERT_TRUE(integrity.step());
  EXPECT_EQ(integrity.text(0), "ok");
  auto unaudited =
      connection.query("SELECT (SELECT count(*) FROM issuances) - (SELECT count(*) FROM audit_events)");
  ASSERT_TRUE(unaudited.step());
  EXPECT_EQ(unaudited.integer(0), 0);
}

}  // namespace
}  // namespace authplane::authserver
