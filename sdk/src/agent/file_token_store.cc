#include <utility>

#include <authplane/agent/token_store.h>
#include <authplane/base/hash.h>

#include "agent/token_book.h"
#include "agent/token_file.h"

namespace authplane::agent {
namespace {

constexpr std::size_t kMaxBytes = 4 * 1024 * 1024;
constexpr std::int64_t kContentsLock = 0;

// A place of its own in the lock file for each name; two that collide wait for each other needlessly.
std::int64_t lease_byte(const std::string& name) {
  const Sha256Digest digest = sha256(name);
  std::int64_t byte = 0;
  for (int i = 0; i < 6; ++i) byte = byte << 8 | digest[static_cast<std::size_t>(i)];
  return byte + 1;
}

class FileLease final : public TokenStore::Lease {
 public:
  explicit FileLease(FileLock lock) : lock_(std::move(lock)) {}

 private:
  FileLock lock_;
};

class FileTokenStore final : public TokenStore {
 public:
  explicit FileTokenStore(std::string path) : path_(std::move(path)), lock_path_(path_ + ".lock") {}

  Result<std::optional<StoredLogin>> find_login(const LoginKey& key) override {
    const auto book = read();
    if (!book) return Err(book.error());
    const auto found = book->logins.find(key);
    return found == book->logins.end() ? std::nullopt : std::optional<StoredLogin>(found->second);
  }
  Result<void> put_login(const LoginKey& key, const StoredLogin& login) override {
    return change([&](TokenBook& book) { book.logins.insert_or_assign(key, login); });
  }
  Result<void> drop_login(const LoginKey& key) override {
    return change([&](TokenBook& book) { book.logins.erase(key); });
  }
  Result<std::optional<StoredClient>> find_client(const std::string& issuer) override {
    const auto book = read();
    if (!book) return Err(book.error());
    const auto found = book->clients.find(issuer);
    return found == book->clients.end() ? std::nullopt : std::optional<StoredClient>(found->second);
  }
  Result<void> put_client(const std::string& issuer, const StoredClient& client) override {
    return change([&](TokenBook& book) { book.clients.insert_or_assign(issuer, client); });
  }
  Result<void> drop_client(const std::string& issuer) override {
    return change([&](TokenBook& book) { book.drop_client(issuer); });
  }
  Result<std::unique_ptr<Lease>> lease(const std::string& name) override {
    auto lock = take_lock(lease_byte(name));
    if (!lock) return Err(std::move(lock).error());
    return std::unique_ptr<Lease>(std::make_unique<FileLease>(std::move(*lock)));
  }

 private:
  Result<FileLock> take_lock(std::int64_t byte) const {
    if (path_.empty()) return Err(ErrorCode::invalid_argument, "token file: no path was given");
    return FileLock::take(lock_path_, byte);
  }

  // The file is replaced as a whole, so reading needs no lock.
  Result<TokenBook> read() const {
    auto text = read_private_file(path_, kMaxBytes);
    if (!text) return Err(std::move(text).error());
    if (text->empty()) return TokenBook();
    auto book = parse_token_book(*text, kMaxBytes);
    if (book) return book;
    return Err(ErrorCode::invalid_argument, "token file " + path_ + " is damaged (" + book.error().message +
                                                "); remove it, and log in anew");
  }

  template <class Change>
  Result<void> change(Change apply) const {
    const auto lock = take_lock(kContentsLock);
    if (!lock) return Err(lock.error());
    auto book = read();
    if (!book) return Err(std::move(book).error());
    apply(*book);
    return replace_private_file(path_, to_text(*book));
  }

  const std::string path_;
  const std::string lock_path_;
};

}  // namespace

std::shared_ptr<TokenStore> make_file_token_store(std::string path) {
  return std::make_shared<FileTokenStore>(std::move(path));
}

}  // namespace authplane::agent
