#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include <authplane/dpop/replay_store.h>
#include <authplane/testing/temp_folder.h>

#include "test_support.h"

namespace authplane::dpop {
namespace {

using std::chrono::seconds;
using test::kNow;
using test::outcome;
using ::testing::HasSubstr;

constexpr std::size_t kPage = 4096;

class FileStore : public ::testing::Test {
 protected:
  Result<std::shared_ptr<FileReplayStore>> open(std::size_t max_entries = 1000) {
    return FileReplayStore::open({.path = path, .max_entries = max_entries, .clock = clock});
  }
  void write_file(const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  std::string read_file() {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  }
  void expect_refusal(const std::string& hint) {
    const auto store = open();
    ASSERT_EQ(outcome(store), "invalid_argument") << hint;
    EXPECT_THAT(store.error().message, HasSubstr(path));
    EXPECT_THAT(store.error().message, HasSubstr(hint));
  }

  authplane::testing::TempFolder folder;
  std::string path = folder.file();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  const std::chrono::sys_seconds later = kNow + seconds(300);
};

bool take(ReplayStore& store, const std::string& key, std::chrono::sys_seconds expires_at) {
  return store.check_and_store(key, expires_at).value();
}

TEST_F(FileStore, IsCreatedForTheOwnerOnly) {
  open().value();
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(FileStore, ARestartKeepsSpentKeys) {
  EXPECT_TRUE(take(*open().value(), "k", later));
  EXPECT_FALSE(take(*open().value(), "k", later));
  clock->advance(seconds(301));
  EXPECT_TRUE(take(*open().value(), "k", later + seconds(300)));
}

TEST_F(FileStore, TwoStoresOfOneFileShareIt) {
  const auto one = open().value();
  const auto two = open().value();
  EXPECT_TRUE(take(*one, "a", later));
  EXPECT_FALSE(take(*two, "a", later));
  EXPECT_TRUE(take(*two, "b", later));
  EXPECT_FALSE(take(*one, "b", later));
}

TEST_F(FileStore, KeysAreNotInTheFile) {
  const std::string key = "a-thumbprint.and-a-jti";
  take(*open().value(), key, later);
  EXPECT_EQ(read_file().find(key), std::string::npos);
}

TEST_F(FileStore, TheSizeIsThatOfItsCapacity) {
  open(1000).value();
  EXPECT_EQ(read_file().size(), kPage + 2048 * 32);  // twice the entries, in whole buckets
  open(50'000).value();
  EXPECT_EQ(read_file().size(), kPage + 2048 * 32) << "the capacity of a file that exists wins";
}

// One in 350,000 files of this size would lose a key when full to the last; four fifths leave nothing to
// chance.
TEST_F(FileStore, HoldsWhatWasAskedFor) {
  const auto store = open(1000).value();
  for (int i = 0; i < 800; ++i) ASSERT_TRUE(take(*store, std::to_string(i), later));
  EXPECT_EQ(store->evicted(), 0U);
  for (int i = 0; i < 800; ++i) ASSERT_FALSE(take(*store, std::to_string(i), later));
}

TEST_F(FileStore, InAFullBucketTheNearestToExpiryLeavesAndIsCounted) {
  const auto store = open(1).value();  // one bucket of 64
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(take(*store, std::to_string(i), later + seconds((i * 37) % 64)));
  EXPECT_EQ(store->evicted(), 0U);
  EXPECT_TRUE(take(*store, "new", later + seconds(100)));
  EXPECT_EQ(store->evicted(), 1U);
  for (int i = 1; i < 64; ++i) EXPECT_FALSE(take(*store, std::to_string(i), later)) << i;
  EXPECT_FALSE(take(*store, "new", later));
  EXPECT_TRUE(take(*store, "0", later)) << "had the earliest expiry";
  EXPECT_EQ(store->evicted(), 2U);
}

TEST_F(FileStore, ExpiredEntriesMakeRoomUncounted) {
  const auto store = open(1).value();
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(take(*store, std::to_string(i), kNow + seconds(10)));
  clock->advance(seconds(11));
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(take(*store, "new " + std::to_string(i), later));
  EXPECT_EQ(store->evicted(), 0U);
}

TEST_F(FileStore, RefusesAPathItCannotUse) {
  EXPECT_EQ(outcome(FileReplayStore::open({})), "invalid_argument");
  EXPECT_EQ(outcome(open(0)), "invalid_argument");
  EXPECT_EQ(outcome(open(std::size_t(-1))), "invalid_argument");
  path = folder.file("absent/spent");
  expect_refusal("No such file");
  path = folder.file("");
  expect_refusal("directory");
  path = folder.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  expect_refusal("regular file");
}

TEST_F(FileStore, RefusesAForeignFileAndLeavesItAlone) {
  for (const std::string& content :
       {std::string("hello"), std::string(10'000, '\0'), std::string(kPage, 'x')}) {
    write_file(content);
    expect_refusal("not a replay file");
    EXPECT_EQ(read_file(), content);
  }
}

TEST_F(FileStore, RefusesATruncatedOrGrownFile) {
  open().value();
  const std::string whole = read_file();
  for (const std::size_t size : {kPage + 1, whole.size() / 2, whole.size() - 1}) {
    write_file(whole.substr(0, size));
    expect_refusal("truncated");
  }
  write_file(whole + "x");
  expect_refusal("grown");
  write_file(whole.substr(0, 20));
  expect_refusal("not a replay file");
}

TEST_F(FileStore, RefusesADamagedHeader) {
  open().value();
  const std::string whole = read_file();
  for (std::size_t at = 8; at < 80; ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    write_file(damaged);
    expect_refusal("damaged");
  }
}

// Its maker was killed between the header and the rest.
TEST_F(FileStore, CompletesAFileOfWhichOnlyTheHeaderIsThere) {
  open().value();
  const std::string whole = read_file();
  write_file(whole.substr(0, kPage));
  const auto store = open().value();
  EXPECT_EQ(read_file().size(), whole.size());
  EXPECT_TRUE(take(*store, "k", later));
  EXPECT_FALSE(take(*store, "k", later));
}

// An entry counts from the moment its expiry is there, which is written last.
TEST_F(FileStore, AnEntryWithoutExpiryIsEmpty) {
  take(*open(1).value(), "k", later);
  std::string bytes = read_file();
  const std::size_t entry = bytes.find_first_not_of('\0', kPage) / 32 * 32;
  ASSERT_LT(entry, bytes.size());
  for (std::size_t i = 0; i < 8; ++i) bytes[entry + 24 + i] = '\0';
  write_file(bytes);
  const auto store = open(1).value();
  EXPECT_TRUE(take(*store, "k", later));
  for (int i = 0; i < 63; ++i) ASSERT_TRUE(take(*store, std::to_string(i), later));
  EXPECT_EQ(store->evicted(), 0U) << "the torn entry was used again";
}

// Runs in a child and reports by exit status: 0 = as expected.
int run_in_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

TEST_F(FileStore, AChildMustOpenItsOwn) {
  const auto store = open().value();
  ASSERT_TRUE(take(*store, "k", later));
  EXPECT_EQ(run_in_child([&] { return outcome(store->check_and_store("new", later)) == "runtime_error"; }),
            0);
  EXPECT_EQ(run_in_child([&] { return !take(*open().value(), "k", later); }), 0);
  EXPECT_TRUE(take(*store, "new", later));
}

class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_) != 0) throw std::runtime_error("pipe failed");
  }
  ~Pipe() {
    ::close(ends_[0]);
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  // So that a reader does not wait for a writer that is gone.
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }

 private:
  int ends_[2];
};

// Spends keys and says so after each, until it is killed.
[[noreturn]] void spend_until_killed(ReplayStore& store, int round, std::chrono::sys_seconds later, int out) {
  for (int i = 0;; ++i) {
    const bool taken = take(store, std::to_string(round) + "/" + std::to_string(i), later);
    if (!taken || ::write(out, &i, sizeof i) != static_cast<ssize_t>(sizeof i)) ::_exit(1);
  }
}

TEST_F(FileStore, AKilledWriterLosesNothingItAnnounced) {
  for (int round = 0; round < 20; ++round) {
    Pipe pipe;
    // One page: the writer cannot run so far ahead that it fills the file.
    ASSERT_GT(::fcntl(pipe.writer(), F_SETPIPE_SZ, 4096), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipe.reader());  // so that a parent that is gone ends the child too
      spend_until_killed(*open(100'000).value(), round, later, pipe.writer());
    }
    pipe.close_writer();
    int last = -1;
    for (int i = 0; i < 50 * round + 1; ++i)
      ASSERT_EQ(::read(pipe.reader(), &last, sizeof last), static_cast<ssize_t>(sizeof last));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";

    const auto store = open().value();  // its lock is gone, its file is whole
    for (int i = 0; i <= last; ++i)
      ASSERT_FALSE(take(*store, std::to_string(round) + "/" + std::to_string(i), later)) << i;
    EXPECT_TRUE(take(*store, "after " + std::to_string(round), later));
    EXPECT_EQ(store->evicted(), 0U);
  }
}

// Also the creation is raced for: there is no file when the children start.
TEST_F(FileStore, ProcessesSpendEachKeyOnce) {
  constexpr int kProcesses = 4;
  constexpr int kKeys = 2000;
  const Pipe start;
  std::vector<std::unique_ptr<Pipe>> results;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    results.push_back(std::make_unique<Pipe>());
    children.push_back(::fork());
    if (children.back() != 0) continue;
    char go = 0;
    if (::read(start.reader(), &go, 1) != 1) ::_exit(1);
    const auto store = open(10'000).value();
    std::string wins(kKeys, '0');
    for (int i = 0; i < kKeys; ++i) {
      if (take(*store, std::to_string(i), later)) wins[static_cast<std::size_t>(i)] = '1';
    }
    ::_exit(::write(results.back()->writer(), wins.data(), wins.size()) == kKeys ? 0 : 1);
  }
  ASSERT_EQ(::write(start.writer(), "....", kProcesses), kProcesses);
  std::vector<int> wins(kKeys);
  for (int p = 0; p < kProcesses; ++p) {
    int status = -1;
    ::waitpid(children[static_cast<std::size_t>(p)], &status, 0);
    ASSERT_EQ(status, 0);
    std::string text(kKeys, '\0');
    ASSERT_EQ(::read(results[static_cast<std::size_t>(p)]->reader(), text.data(), text.size()), kKeys);
    for (std::size_t i = 0; i < kKeys; ++i) wins[i] += text[i] - '0';
  }
  for (int i = 0; i < kKeys; ++i) ASSERT_EQ(wins[static_cast<std::size_t>(i)], 1) << "key " << i;
}

}  // namespace
}  // namespace authplane::dpop
