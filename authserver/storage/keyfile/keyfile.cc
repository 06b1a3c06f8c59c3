#include "authserver/storage/keyfile/keyfile.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <authplane/base/mutex.h>

#include "authserver/storage/keyfile/key_directory.h"

namespace authplane::authserver {
namespace keyfile {
namespace {

// Added to the longest lifetime: clocks of resource servers differ, and the token endpoint may be answering a
// request that began before the rotation.
constexpr std::chrono::seconds kGrace{300};

class KeyfileStore final : public SigningKeyStore {
 public:
  KeyfileStore(const KeyfileOptions& options, Logger& logger)
      : options_(options), directory_(options.directory, logger), logger_(logger) {}

  Result<void> open(std::chrono::sys_seconds now) {
    if (auto prepared = directory_.prepare(); !prepared) return prepared;
    auto lock = directory_.lock();
    if (!lock) return Err(lock.error());
    auto present = directory_.has_current();
    if (!present) return Err(present.error());
    if (!*present) {
      if (auto made = make_current(); !made) return made;
    }
    return load(now);
  }

  SigningKeySetPtr keys() const override {
    MutexLock lock(mutex_);
    return keys_;
  }

  Outcome<SigningKeySetPtr> rotate(std::chrono::sys_seconds now) override {
    return answer(rotate_files(now));
  }

  Outcome<SigningKeySetPtr> reload(std::chrono::sys_seconds now) override {
    auto lock = directory_.lock();
    return answer(lock ? load(now) : Result<void>(Err(lock.error())));
  }

 private:
  Outcome<SigningKeySetPtr> answer(Result<void> done) {
    if (!done)
      return fail(DomainErrorCode::internal, "the signing keys are not available", done.error().message);
    return keys();
  }

  // The functions below require the directory's lock.

  Result<void> rotate_files(std::chrono::sys_seconds now) {
    auto lock = directory_.lock();
    if (!lock) return Err(lock.error());
    // What is on disk, not what is in memory: another process may have rotated since.
    auto old = read_current();
    if (!old) return Err(old.error());
    const PublicKey& retired = old->public_key();
    // First, so that no crash can leave a key that signed tokens unpublished.
    const std::string name = directory_.previous_name(now, retired.thumbprint());
    if (auto kept = directory_.write_previous(name, retired.to_pem()); !kept) return kept;
    if (auto made = make_current(); !made) return made;
    return load(now);
  }

  Result<void> make_current() {
    auto key = PrivateKey::generate(options_.algorithm);
    if (!key) return Err(key.error());
    if (auto written = directory_.write_current(key->to_pem()); !written) return written;
    logger_.info("signing key made", {{"kid", key->public_key().thumbprint()},
                                      {"alg", to_string(options_.algorithm)},
                                      {"directory", options_.directory}});
    return {};
  }

  Result<PrivateKey> read_current() {
    auto pem = directory_.read_current();
    if (!pem) return Err(pem.error());
    auto key = PrivateKey::from_pem(pem->expose());
    if (!key || (key->algorithm() != JwsAlgorithm::ES256 && key->algorithm() != JwsAlgorithm::RS256)) {
      return Err(ErrorCode::runtime_error,
                 "signing keys: " + directory_.file("current.pem") +
                     ": is not an unencrypted P-256 or RSA private key in PEM; restore it from a backup");
    }
    return key;
  }

  Result<void> load(std::chrono::sys_seconds now) {
    auto current = read_current();
    if (!current) return Err(current.error());
    const std::string kid = current->public_key().thumbprint();
    auto set = std::make_shared<SigningKeySet>(SigningKeySet{kid, *current, {}});
    set->published.push_back({kid, current->algorithm(), current->public_key()});
    if (auto previous = add_previous(now, *set); !previous) return previous;
    MutexLock lock(mutex_);
    keys_ = std::move(set);
    return {};
  }

  Result<void> add_previous(std::chrono::sys_seconds now, SigningKeySet& set) {
    auto files = directory_.list_previous();
    if (!files) return Err(files.error());
    std::sort(files->begin(), files->end(),
              [](const PreviousFile& a, const PreviousFile& b) { return a.retired_at > b.retired_at; });
    for (const PreviousFile& file : *files) {
      if (file.retired_at + options_.longest_token_lifetime + kGrace < now) {
        directory_.remove_previous(file.name);
        continue;
      }
      auto pem = directory_.read_previous(file.name);
      if (!pem) return Err(pem.error());
      auto key = PublicKey::from_pem(*pem);
      const bool is_ec = key && key->fits(JwsAlgorithm::ES256);
      if (!key || !(is_ec || key->fits(JwsAlgorithm::RS256))) {
        return Err(ErrorCode::runtime_error,
                   "signing keys: " + directory_.file(file.name) +
                       ": is not a P-256 or RSA public key in PEM; restore or remove it");
      }
      const std::string kid = key->thumbprint();
      // A rotation that was killed half-way left the current key in both places.
      const bool known = std::any_of(set.published.begin(), set.published.end(),
                                     [&](const VerificationKey& published) { return published.kid == kid; });
      if (!known) set.published.push_back({kid, is_ec ? JwsAlgorithm::ES256 : JwsAlgorithm::RS256, *key});
    }
    return {};
  }

  const KeyfileOptions options_;
  const KeyDirectory directory_;
  Logger& logger_;
  mutable Mutex mutex_;
  SigningKeySetPtr keys_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace
}  // namespace keyfile

Result<std::unique_ptr<SigningKeyStore>> open_keyfile(const KeyfileOptions& options,
                                                      std::chrono::sys_seconds now, Logger& logger) {
  if (options.algorithm != JwsAlgorithm::ES256 && options.algorithm != JwsAlgorithm::RS256) {
    return Err(ErrorCode::runtime_error, "signing keys: the algorithm must be ES256 or RS256");
  }
  auto store = std::make_unique<keyfile::KeyfileStore>(options, logger);
  if (auto opened = store->open(now); !opened) return Err(opened.error());
  return std::unique_ptr<SigningKeyStore>(std::move(store));
}

}  // namespace authplane::authserver
