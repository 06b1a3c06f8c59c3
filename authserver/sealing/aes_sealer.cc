#include "authserver/sealing/aes_sealer.h"

#include <optional>
#include <string>
#include <utility>

#include <authplane/base/hash.h>

#include "authserver/sealing/aes_gcm.h"

namespace authplane::authserver {
namespace {

constexpr char kVersion = '\x02';
constexpr char kOldVersion = '\x01';
// Changing it makes everything that was sealed unreadable.
constexpr std::string_view kSalt = "authplane stored credentials";
constexpr std::string_view kNoSalt("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                   32);  // RFC 5869 section 2.2

// One block of HKDF-Expand is all a 32-byte key takes.
SecretString derive(const SecretString& master, std::string_view salt, std::string_view owner) {
  const SecretString extracted{std::string(as_bytes(hmac_sha256(salt, master.expose())))};
  return SecretString(std::string(as_bytes(hmac_sha256(extracted.expose(), std::string(owner) + '\x01'))));
}

std::optional<SecretString> open_with(const SecretString& master, std::string_view sealed,
                                      std::string_view owner) {
  if (sealed.size() < 1 + kGcmNonceBytes + kGcmTagBytes) return std::nullopt;
  const char version = sealed.front();
  if (version != kVersion && version != kOldVersion) return std::nullopt;
  const bool is_current = version == kVersion;
  const SecretString key = derive(master, is_current ? kSalt : kNoSalt, owner);
  return gcm_decrypt(key.expose(), sealed.substr(1, kGcmNonceBytes), is_current ? owner : std::string_view(),
                     sealed.substr(1 + kGcmNonceBytes));
}

class AesSealer final : public Sealer {
 public:
  AesSealer(SecretString key, SecretString old_key, Random& random)
      : key_(std::move(key)), old_key_(std::move(old_key)), random_(random) {}

  std::string_view driver() const override { return kAesDriver; }

  Outcome<std::string> seal(std::string_view text, std::string_view owner) override {
    const std::string nonce = random_.bytes(kGcmNonceBytes);
    const SecretString key = derive(key_, kSalt, owner);
    return kVersion + nonce + gcm_encrypt(key.expose(), nonce, owner, text);
  }

  Outcome<Opened> open(std::string_view sealed, std::string_view owner) override {
    if (auto text = open_with(key_, sealed, owner)) {
      return Opened{std::move(*text), sealed.front() != kVersion};
    }
    if (!old_key_.empty()) {
      if (auto text = open_with(old_key_, sealed, owner)) return Opened{std::move(*text), true};
    }
    return fail(DomainErrorCode::internal, "a stored credential cannot be opened",
                "it was encrypted with another master key than data_encryption names, or belongs elsewhere, "
                "or was changed");
  }

 private:
  const SecretString key_, old_key_;
  Random& random_;
};

}  // namespace

std::unique_ptr<Sealer> make_aes_sealer(SecretString key, SecretString old_key, Random& random) {
  return std::make_unique<AesSealer>(std::move(key), std::move(old_key), random);
}

}  // namespace authplane::authserver
