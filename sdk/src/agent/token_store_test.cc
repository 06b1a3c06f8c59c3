#include <authplane/agent/token_store.h>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/testing/temp_folder.h>

namespace authplane::agent {
namespace {

using ::testing::HasSubstr;

const LoginKey kKey{.issuer = "https://as.example", .client_id = "c", .resource = "https://rs.example/mcp"};

StoredLogin login(const std::string& access) {
  return {.access_token = access,
          .token_type = "Bearer",
          .expires_at = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)),
          .refresh_token = "refresh-" + access,
          .scope = "a b",
          .key_thumbprint = "jkt"};
}

// Both stores keep the same promises.
class TokenStoreTest : public ::testing::TestWithParam<bool> {
 protected:
  authplane::testing::TempFolder folder;
  std::shared_ptr<TokenStore> store =
      GetParam() ? make_file_token_store(folder.file("tokens")) : make_memory_token_store();
};
INSTANTIATE_TEST_SUITE_P(Stores, TokenStoreTest, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "File" : "Memory"; });

TEST_P(TokenStoreTest, KeepsALoginWhole) {
  EXPECT_FALSE(store->find_login(kKey).value());
  store->put_login(kKey, login("t")).value();
  const StoredLogin found = store->find_login(kKey).value().value();
  EXPECT_EQ(found.access_token, "t");
  EXPECT_EQ(found.token_type, "Bearer");
  EXPECT_EQ(found.expires_at, login("t").expires_at);
  EXPECT_EQ(found.refresh_token, "refresh-t");
  EXPECT_EQ(found.scope, "a b");
  EXPECT_EQ(found.key_thumbprint, "jkt");

  StoredLogin endless = login("u");
  endless.expires_at.reset();
  store->put_login(kKey, endless).value();
  EXPECT_EQ(store->find_login(kKey).value()->access_token, "u");
  EXPECT_FALSE(store->find_login(kKey).value()->expires_at);
  store->drop_login(kKey).value();
  EXPECT_FALSE(store->find_login(kKey).value());
}

TEST_P(TokenStoreTest, NeverConfusesIssuersClientsAndResources) {
  store->put_login(kKey, login("t")).value();
  LoginKey key = kKey;
  key.issuer += "/";
  EXPECT_FALSE(store->find_login(key).value());
  key = kKey;
  key.client_id = "d";
  EXPECT_FALSE(store->find_login(key).value());
  key = kKey;
  key.resource += "/";
  EXPECT_FALSE(store->find_login(key).value());
}

TEST_P(TokenStoreTest, AClientGoesWithItsLogins) {
  store->put_client(kKey.issuer, {.id = "c", .secret = "s", .method = AuthMethod::client_secret_post})
      .value();
  store->put_login(kKey, login("t")).value();
  LoginKey other = kKey;
  other.client_id = "operators";
  store->put_login(other, login("o")).value();
  const StoredClient client = store->find_client(kKey.issuer).value().value();
  EXPECT_EQ(client.id, "c");
  EXPECT_EQ(client.secret, "s");
  EXPECT_EQ(client.method, AuthMethod::client_secret_post);
  EXPECT_FALSE(store->find_client("https://other.example").value());

  store->drop_client(kKey.issuer).value();
  EXPECT_FALSE(store->find_client(kKey.issuer).value());
  EXPECT_FALSE(store->find_login(kKey).value());
  EXPECT_TRUE(store->find_login(other).value());
}

TEST_P(TokenStoreTest, ALeaseKeepsOthersOut) {
  std::atomic<int> inside = 0, most = 0, rounds = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto lease = store->lease("https://rs.example/mcp").value();
        most = std::max(most.load(), ++inside);
        ++rounds;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(rounds, 200);
}

TEST_P(TokenStoreTest, LeasesOfOtherNamesAndTheContentsAreFree) {
  const auto one = store->lease("one").value();
  const auto two = store->lease("two").value();
  EXPECT_TRUE(store->put_login(kKey, login("t")));
}

TEST_P(TokenStoreTest, ChangesAtTheSameTimeAreAllKept) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 10; ++i) {
        LoginKey key = kKey;
        key.client_id = std::to_string(t) + "-" + std::to_string(i);
        EXPECT_TRUE(store->put_login(key, login("t")));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < 4; ++t) {
    for (int i = 0; i < 10; ++i) {
      LoginKey key = kKey;
      key.client_id = std::to_string(t) + "-" + std::to_string(i);
      EXPECT_TRUE(store->find_login(key).value()) << key.client_id;
    }
  }
}

class FileTokenStoreTest : public ::testing::Test {
 protected:
  void expect_refused(const char* why) {
    const auto found = store->find_login(kKey);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, HasSubstr(why));
    EXPECT_THAT(found.error().message, HasSubstr(path));
    EXPECT_FALSE(store->put_login(kKey, login("t")));
  }
  authplane::testing::TempFolder folder;
  const std::string path = folder.file("tokens");
  std::shared_ptr<TokenStore> store = make_file_token_store(path);
};

TEST_F(FileTokenStoreTest, OutlivesItsMakerAndIsPrivate) {
  const mode_t before = ::umask(0);
  store->put_login(kKey, login("t")).value();
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  ASSERT_EQ(::stat((path + ".lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(make_file_token_store(path)->find_login(kKey).value()->access_token, "t");
  int files = 0;  // no temporary one is left
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
    ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST_F(FileTokenStoreTest, FilesThatOthersMayReadAreRefused) {
  store->put_login(kKey, login("t")).value();
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    expect_refused("chmod 600");
  }
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(store->find_login(kKey).value());
}

TEST_F(FileTokenStoreTest, OnlyRegularFilesWillDo) {
  std::filesystem::create_directory(path);
  expect_refused("regular file");
  std::filesystem::remove(path);
  ASSERT_EQ(::symlink("/etc/hostname", path.c_str()), 0);
  expect_refused("symbolic link");
}

TEST_F(FileTokenStoreTest, DamageIsReportedAndNotOverwritten) {
  for (const char* text :
       {"{", "[]", R"({"version":2,"clients":[],"logins":[]})", R"({"version":1,"clients":[]})",
        R"({"version":1,"clients":[],"logins":[{"issuer":1}]})"}) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
    expect_refused("damaged");
    std::string kept;
    std::getline(std::ifstream(path), kept);
    EXPECT_EQ(kept, text);
  }
}

TEST_F(FileTokenStoreTest, AFolderThatDoesNotExistIsAnError) {
  const auto lost = make_file_token_store(folder.file("no/such/tokens"));
  EXPECT_FALSE(lost->put_login(kKey, login("t")));
  EXPECT_FALSE(lost->lease("x"));
  EXPECT_FALSE(make_file_token_store("")->put_login(kKey, login("t")));
}

}  // namespace
}  // namespace authplane::agent
