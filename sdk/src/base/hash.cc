#include <authplane/base/hash.h>

#include <memory>
#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace authplane {
namespace {

struct DigestContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct MacContextFree {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("OpenSSL: ") + what +
                           " failed; check that the default provider is loaded");
}

// Fetched once for the life of the process: OpenSSL 3 looks an algorithm up under a lock on every implicit
// fetch.
const EVP_MD* fetched_sha256() {
  static EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (digest == nullptr) fail("fetching SHA256");
  return digest;
}

EVP_MAC_CTX* new_hmac_context() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (mac == nullptr) fail("fetching HMAC");
  std::unique_ptr<EVP_MAC_CTX, MacContextFree> context(EVP_MAC_CTX_new(mac));
  char name[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_END};
  if (!context || EVP_MAC_CTX_set_params(context.get(), params) != 1) fail("setting up HMAC");
  return context.release();
}

}  // namespace

Sha256Digest sha256(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, DigestContextFree> context(EVP_MD_CTX_new());
  Sha256Digest digest;
  if (!context || EVP_DigestInit_ex(context.get(), fetched_sha256(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    fail("SHA256");
  }
  return digest;
}

Sha256Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MAC_CTX, MacContextFree> context(new_hmac_context());
  // A null key would mean "the key of the previous call".
  static constexpr unsigned char kEmpty = 0;
  const auto* key_bytes = key.empty() ? &kEmpty : reinterpret_cast<const unsigned char*>(key.data());
  Sha256Digest digest;
  std::size_t written = 0;
  if (EVP_MAC_init(context.get(), key_bytes, key.size(), nullptr) != 1 ||
      EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) !=
          1 ||
      EVP_MAC_final(context.get(), digest.data(), &written, digest.size()) != 1 || written != digest.size()) {
    fail("HMAC-SHA256");
  }
  return digest;
}

}  // namespace authplane
