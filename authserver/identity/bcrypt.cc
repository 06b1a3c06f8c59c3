#include "authserver/identity/bcrypt.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string>

#include <crypt.h>
#include <openssl/crypto.h>

#include <authplane/base/secret.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kRowBytes = 60;  // "$2b$10$", 22 characters of salt, 31 of hash
constexpr std::size_t kMaxPassword = 72;

bool is_bcrypt64(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '.' && c <= '9');
}

struct WipedFree {
  void operator()(crypt_data* data) const {
    OPENSSL_cleanse(data, sizeof *data);
    delete data;
  }
};

}  // namespace

std::optional<std::uint32_t> bcrypt_cost(std::string_view row) {
  if (row.size() != kRowBytes || !row.starts_with("$2") || row[3] != '$' || row[6] != '$') {
    return std::nullopt;
  }
  if (row[2] != 'a' && row[2] != 'b' && row[2] != 'y') return std::nullopt;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!is_digit(row[4]) || !is_digit(row[5])) return std::nullopt;
  const auto cost = static_cast<std::uint32_t>((row[4] - '0') * 10 + (row[5] - '0'));
  const std::string_view rest = row.substr(7);
  if (cost < 4 || cost > 31 || !std::all_of(rest.begin(), rest.end(), is_bcrypt64)) return std::nullopt;
  return cost;
}

std::optional<bool> bcrypt_matches(std::string_view password, std::string_view row) {
  const bool whole = password.size() <= kMaxPassword && password.find('\0') == std::string_view::npos;
  const SecretString key{std::string(whole ? password : std::string_view())};
  const std::string setting(row);
  const std::unique_ptr<crypt_data, WipedFree> data(new (std::nothrow) crypt_data());
  if (!data) return std::nullopt;
  const char* made = crypt_r(key.expose().data(), setting.c_str(), data.get());
  const bool equal = made != nullptr && constant_time_equal(made, row);
  return equal && whole;
}

}  // namespace authplane::authserver
