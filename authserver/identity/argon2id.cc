#include "authserver/identity/argon2id.h"

#include <charconv>
#include <stdexcept>

#include <argon2.h>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kPrefix = "$argon2id$v=19$";

// Cuts `label` and the number behind it, up to `end`, off the front.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view label, char end) {
  if (!text.starts_with(label)) return std::nullopt;
  text.remove_prefix(label.size());
  const std::size_t length = text.find(end);
  if (length == std::string_view::npos || length == 0 || text.front() == '0') return std::nullopt;
  std::uint32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + length, value);
  if (error != std::errc() || stop != text.data() + length) return std::nullopt;
  text.remove_prefix(length + 1);
  return value;
}

std::optional<std::string> decode_unpadded(std::string_view text) {
  if (text.ends_with('=')) return std::nullopt;
  return base64_decode(std::string(text) + std::string((4 - text.size() % 4) % 4, '='));
}

std::string encode_unpadded(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

bool is_between(std::size_t value, std::size_t low, std::size_t high) {
  return value >= low && value <= high;
}

}  // namespace

std::optional<Argon2Row> parse_argon2id(std::string_view text) {
  if (text.size() > 256 || !text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const auto memory = take_number(text, "m=", ',');
  const auto passes = memory ? take_number(text, "t=", ',') : std::nullopt;
  const auto lanes = passes ? take_number(text, "p=", '$') : std::nullopt;
  const std::size_t separator = text.find('$');
  if (!lanes || separator == std::string_view::npos) return std::nullopt;
  auto salt = decode_unpadded(text.substr(0, separator));
  auto tag = decode_unpadded(text.substr(separator + 1));
  if (!salt || !tag || !is_between(salt->size(), 8, 64) || !is_between(tag->size(), 16, 64)) {
    return std::nullopt;
  }
  return Argon2Row{{*memory, *passes, *lanes}, std::move(*salt), std::move(*tag)};
}

std::string format_argon2id(const Argon2Row& row) {
  return std::string(kPrefix) + "m=" + std::to_string(row.cost.memory_kib) +
         ",t=" + std::to_string(row.cost.passes) + ",p=" + std::to_string(row.cost.lanes) + "$" +
         encode_unpadded(row.salt) + "$" + encode_unpadded(row.tag);
}

const char* argon2_cost_problem(const Argon2Cost& cost) {
  if (cost.passes < ARGON2_MIN_TIME) return "at least one pass is needed";
  if (cost.lanes < ARGON2_MIN_LANES || cost.lanes > ARGON2_MAX_LANES) return "lanes are out of range";
  if (cost.memory_kib < 8 * cost.lanes) return "each lane needs 8 KiB of memory";
  return nullptr;
}

std::optional<std::string> argon2id(std::string_view password, std::string_view salt, const Argon2Cost& cost,
                                    std::size_t bytes) {
  std::string tag(bytes, '\0');
  const int status = argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.data(),
                                       password.size(), salt.data(), salt.size(), tag.data(), tag.size());
  if (status == ARGON2_MEMORY_ALLOCATION_ERROR || status == ARGON2_THREAD_FAIL) return std::nullopt;
  if (status != ARGON2_OK) {
    throw std::invalid_argument(std::string("argon2id: ") + argon2_error_message(status));
  }
  return tag;
}

}  // namespace authplane::authserver
