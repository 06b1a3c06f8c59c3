#include "authserver/storage/keyfile/keyfile.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <authplane/testing/recording_logger.h>
#include <authplane/testing/temp_folder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class KeyfileTest : public ::testing::Test {
 protected:
  KeyfileOptions options() const {
    KeyfileOptions out;
    out.directory = directory_.file("keys");
    out.longest_token_lifetime = seconds(3600);
    return out;
  }
  std::unique_ptr<SigningKeyStore> open(sys_seconds now = kNow) {
    return open_keyfile(options(), now, logger_).value();
  }
  std::string open_failure(const KeyfileOptions& with) {
    auto opened = open_keyfile(with, kNow, logger_);
    return opened ? "opened" : opened.error().message;
  }
  std::string file(const std::string& name) const { return options().directory + "/" + name; }
  static unsigned mode(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
  }
  static std::string content(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  static std::vector<std::string> kids(const SigningKeySetPtr& keys) {
    std::vector<std::string> out;
    for (const auto& key : keys->published) out.push_back(key.kid);
    return out;
  }

  static constexpr sys_seconds kNow{seconds(1'800'000'000)};
  testing::TempFolder directory_;
  testing::RecordingLogger logger_;
};

TEST_F(KeyfileTest, FirstStartMakesAKeyThatLaterStartsUse) {
  const auto first = open()->keys();
  EXPECT_EQ(first->algorithm(), JwsAlgorithm::ES256);
  EXPECT_EQ(first->kid, first->current.public_key().thumbprint());
  EXPECT_THAT(kids(first), ElementsAre(first->kid));
  EXPECT_EQ(open()->keys()->kid, first->kid);
}

TEST_F(KeyfileTest, OnlyTheOwnerMayReadWhatIsMade) {
  open()->rotate(kNow).value();
  EXPECT_EQ(mode(options().directory), 0700U);
  for (const auto& entry : fs::directory_iterator(options().directory)) {
    EXPECT_EQ(mode(entry.path().string()), 0600U) << entry.path();
  }
}

TEST_F(KeyfileTest, RotationSignsWithANewKeyAndKeepsPublishingTheOld) {
  auto store = open();
  const auto before = store->keys();
  const auto after = store->rotate(kNow).value();
  EXPECT_NE(after->kid, before->kid);
  EXPECT_THAT(kids(after), ElementsAre(after->kid, before->kid));
  EXPECT_EQ(store->keys(), after);
  EXPECT_THAT(kids(open()->keys()), ElementsAre(after->kid, before->kid));

  const std::string signature = before->current.sign("input").value();
  EXPECT_TRUE(after->published[1].key.verify(after->published[1].algorithm, "input", signature));
}

TEST_F(KeyfileTest, SeveralRotationsInOneTokenLifetimeOrphanNoToken) {
  auto store = open();
  const std::string first = store->keys()->kid;
  const std::string second = store->rotate(kNow).value()->kid;
  const std::string third = store->rotate(kNow + seconds(1)).value()->kid;
  EXPECT_THAT(kids(store->keys()), ElementsAre(third, second, first));
}

TEST_F(KeyfileTest, OldKeyGoesWhenItsLastTokenHasExpiredAndNotBefore) {
  auto store = open();
  store->rotate(kNow).value();
  EXPECT_THAT(store->reload(kNow + seconds(3600)).value()->published, SizeIs(2));
  EXPECT_THAT(store->reload(kNow + seconds(3600 + 301)).value()->published, SizeIs(1));
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(options().directory)) {
    files += entry.path().filename().string().starts_with("previous-");
  }
  EXPECT_EQ(files, 0U);
}

TEST_F(KeyfileTest, PrivateHalfOfAnOldKeyIsNotKept) {
  auto store = open();
  store->rotate(kNow).value();
  for (const auto& entry : fs::directory_iterator(options().directory)) {
    if (entry.path().filename() == "current.pem") continue;
    EXPECT_THAT(content(entry.path().string()), Not(HasSubstr("PRIVATE"))) << entry.path();
  }
}

TEST_F(KeyfileTest, ChangedAlgorithmAppliesFromTheNextRotation) {
  const std::string old = open()->keys()->kid;
  KeyfileOptions with = options();
  with.algorithm = JwsAlgorithm::RS256;
  auto store = open_keyfile(with, kNow, logger_).value();
  EXPECT_EQ(store->keys()->kid, old);
  const auto after = store->rotate(kNow).value();
  EXPECT_EQ(after->algorithm(), JwsAlgorithm::RS256);
  ASSERT_THAT(kids(after), ElementsAre(after->kid, old));
  EXPECT_EQ(after->published[0].algorithm, JwsAlgorithm::RS256);
  EXPECT_EQ(after->published[1].algorithm, JwsAlgorithm::ES256);
}

TEST_F(KeyfileTest, ReloadSeesTheRotationOfAnotherProcess) {
  auto server = open();
  auto command = open();
  const std::string rotated = command->rotate(kNow).value()->kid;
  EXPECT_NE(server->keys()->kid, rotated);
  EXPECT_EQ(server->reload(kNow).value()->kid, rotated);
}

TEST_F(KeyfileTest, RotationRetiresTheKeyOnDiskNotTheOneInMemory) {
  auto server = open();
  auto command = open();
  const std::string first = server->keys()->kid;
  const std::string second = command->rotate(kNow).value()->kid;
  const auto after = server->rotate(kNow + seconds(1)).value();
  EXPECT_THAT(kids(after), ElementsAre(after->kid, second, first));
}

TEST_F(KeyfileTest, StartsAtTheSameTimeAgreeOnOneKey) {
  constexpr int kStarts = 8;
  std::vector<std::string> seen(kStarts);
  {
    std::vector<std::jthread> threads;
    for (auto& kid : seen) {
      threads.emplace_back([this, &kid] { kid = open()->keys()->kid; });
    }
  }
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 1U);
}

TEST_F(KeyfileTest, RotationKilledHalfWayPublishesTheCurrentKeyOnce) {
  const auto keys = open()->keys();
  std::ofstream(file("previous-1800000000-" + keys->kid + ".pem")) << keys->current.public_key().to_pem();
  std::ofstream(file(".new.pem")) << "half a key";
  EXPECT_THAT(kids(open()->keys()), ElementsAre(keys->kid));
  EXPECT_TRUE(open()->rotate(kNow + seconds(1)));
}

TEST_F(KeyfileTest, RefusesAKeyThatOtherUsersCanRead) {
  open();
  fs::permissions(file("current.pem"), fs::perms::others_read, fs::perm_options::add);
  EXPECT_THAT(open_failure(options()), AllOf(HasSubstr(file("current.pem")), HasSubstr("chmod 600")));
}

TEST_F(KeyfileTest, WarnsOfAKeyThatTheGroupCanRead) {
  open();
  fs::permissions(file("current.pem"), fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(open_failure(options()), "opened");
  EXPECT_TRUE(logger_.contains("the group may access the signing key"));
}

TEST_F(KeyfileTest, RefusesADirectoryThatEveryUserMayWriteTo) {
  open();
  fs::permissions(options().directory, fs::perms::others_write, fs::perm_options::add);
  EXPECT_THAT(open_failure(options()), AllOf(HasSubstr(options().directory), HasSubstr("chmod 700")));
}

TEST_F(KeyfileTest, RefusesWhatIsNoKeyAndLeavesItAlone) {
  open();
  std::ofstream(file("current.pem")) << "no key";
  EXPECT_THAT(open_failure(options()), AllOf(HasSubstr(file("current.pem")), HasSubstr("backup")));
  EXPECT_EQ(content(file("current.pem")), "no key");
}

TEST_F(KeyfileTest, RefusesAPreviousFileThatIsNoPublicKey) {
  open();
  std::ofstream(file("previous-1800000000-kid.pem")) << "no key";
  EXPECT_THAT(open_failure(options()), HasSubstr("previous-1800000000-kid.pem"));
}

TEST_F(KeyfileTest, NamesThePathWhenTheDirectoryCannotBeMade) {
  std::ofstream(directory_.file("file")) << "x";
  KeyfileOptions with = options();
  with.directory = directory_.file("file/keys");
  EXPECT_THAT(open_failure(with), HasSubstr(with.directory));
  with.directory = directory_.file("file");
  EXPECT_THAT(open_failure(with), AllOf(HasSubstr(with.directory), HasSubstr("not a directory")));
}

TEST_F(KeyfileTest, KeepsTheOldKeysWhenReloadingFails) {
  auto store = open();
  const auto before = store->keys();
  fs::remove(file("current.pem"));
  const auto failed = store->reload(kNow);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, DomainErrorCode::internal);
  EXPECT_THAT(failed.error().detail, HasSubstr(file("current.pem")));
  EXPECT_EQ(store->keys(), before);
}

TEST_F(KeyfileTest, RefusesAnAlgorithmItCannotServe) {
  KeyfileOptions with = options();
  with.algorithm = JwsAlgorithm::EdDSA;
  EXPECT_THAT(open_failure(with), HasSubstr("ES256 or RS256"));
}

TEST_F(KeyfileTest, LogsNoKeyMaterial) {
  auto store = open();
  store->rotate(kNow).value();
  EXPECT_FALSE(logger_.contains("BEGIN"));
  const std::string pem = content(file("current.pem"));
  EXPECT_FALSE(logger_.contains(pem.substr(pem.find('\n') + 1, 20)));
}

}  // namespace
}  // namespace authplane::authserver
