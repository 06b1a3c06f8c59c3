#include "authserver/domain/ids.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr unsigned kCounterBits = 12;
constexpr std::uint64_t kCounterMask = (1U << kCounterBits) - 1;

std::uint64_t unix_milliseconds(WallTime time) {
  const auto count = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(count, 0, (std::int64_t{1} << 48) - 1));
}

// `stamp` is milliseconds << 12 | counter; fills bytes 0 to 7 (RFC 9562 section 5.7: unix_ts_ms, ver,
// rand_a).
void put_stamp(TimeOrderedId::Bytes& out, std::uint64_t stamp) {
  const std::uint64_t high = (stamp >> kCounterBits << 16) | 0x7000 | (stamp & kCounterMask);
  for (unsigned i = 0; i < 8; ++i) out[i] = static_cast<unsigned char>(high >> (56 - 8 * i));
}

std::uint64_t stamp_of(const TimeOrderedId::Bytes& bytes) {
  std::uint64_t high = 0;
  for (unsigned i = 0; i < 8; ++i) high = high << 8 | bytes[i];
  return (high >> 16 << kCounterBits) | (high & kCounterMask);
}

bool is_version_7(const TimeOrderedId::Bytes& bytes) {
  return (bytes[6] & 0xF0) == 0x70 && (bytes[8] & 0xC0) == 0x80;
}

constexpr bool is_hyphen_position(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

std::optional<TimeOrderedId> TimeOrderedId::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  digits.reserve(32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hyphen_position(i) != (text[i] == '-')) return std::nullopt;
    if (text[i] != '-') digits.push_back(text[i]);
  }
  const auto raw = hex_decode(digits);
  if (!raw) return std::nullopt;
  auto id = from_bytes(*raw);
  if (!id || !is_version_7(id->bytes_)) return std::nullopt;
  return id;
}

std::optional<TimeOrderedId> TimeOrderedId::from_bytes(std::string_view bytes) {
  Bytes out{};
  if (bytes.size() != out.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return TimeOrderedId(out);
}

TimeOrderedId TimeOrderedId::lower_bound(WallTime time) {
  Bytes out{};
  put_stamp(out, unix_milliseconds(time) << kCounterBits);
  return TimeOrderedId(out);
}

std::string TimeOrderedId::text() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out(36, '-');
  std::size_t at = 0;
  for (const unsigned char byte : bytes_) {
    if (is_hyphen_position(at)) ++at;
    out[at++] = kHex[byte >> 4];
    out[at++] = kHex[byte & 0x0F];
  }
  return out;
}

std::chrono::sys_time<std::chrono::milliseconds> TimeOrderedId::time() const {
  const auto milliseconds = static_cast<std::int64_t>(stamp_of(bytes_) >> kCounterBits);
  return std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(milliseconds));
}

TimeOrderedId IdGenerator::next() {
  const std::uint64_t now = unix_milliseconds(clock_.now()) << kCounterBits;
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t stamp = 0;
  // A full counter carries into the milliseconds (RFC 9562 section 6.2): order holds, the time runs a little
  // ahead.
  do {
    stamp = std::max(now, last + 1);
  } while (!last_.compare_exchange_weak(last, stamp, std::memory_order_relaxed));

  TimeOrderedId::Bytes bytes{};
  random_.fill(bytes.data() + 8, 8);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  put_stamp(bytes, stamp);
  return TimeOrderedId(bytes);
}

void IdGenerator::start_after(const TimeOrderedId& id) {
  if (id.time() > clock_.now() + kMaxLead) return;
  const std::uint64_t stamp = stamp_of(id.bytes());
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  while (last < stamp && !last_.compare_exchange_weak(last, stamp, std::memory_order_relaxed)) {
  }
}

std::string IdGenerator::opaque() {
  return random_.token(16);
}

}  // namespace authplane::authserver
