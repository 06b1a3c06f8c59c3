#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/random.h>

namespace authplane::authserver {

// A UUID version 7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, a 12-bit counter, 62 random bits.
// Bytes compare in the order of creation, so rows keyed by it are appended and never scattered.
class TimeOrderedId {
 public:
  using Bytes = std::array<unsigned char, 16>;

  TimeOrderedId() = default;  // the nil UUID: "no id"
  explicit TimeOrderedId(const Bytes& bytes) : bytes_(bytes) {}

  // Lower case or upper case hexadecimal with hyphens, version 7 and the RFC variant only; nullopt otherwise.
  static std::optional<TimeOrderedId> parse(std::string_view text);
  // 16 raw bytes as stored; nullopt for any other length.
  static std::optional<TimeOrderedId> from_bytes(std::string_view bytes);
  // The smallest id any generator can make at `time` or later: the lower bound of a time range.
  static TimeOrderedId lower_bound(WallTime time);

  std::string text() const;  // 36 characters, lower case
  const Bytes& bytes() const { return bytes_; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  std::chrono::sys_time<std::chrono::milliseconds> time() const;
  bool is_nil() const { return *this == TimeOrderedId(); }
  friend auto operator<=>(const TimeOrderedId&, const TimeOrderedId&) = default;

 private:
  Bytes bytes_{};
};

// Makes identifiers. Thread-safe and without a lock: one atomic step orders all threads.
// `clock` and `random` outlive the generator.
class IdGenerator {
 public:
  IdGenerator(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  // Strictly greater than every id this generator made before, also when the clock stands still or steps back
  // (the time inside the id then runs ahead of the clock).
  TimeOrderedId next();
  // Later ids will be greater than `id`. Called at start-up with the newest stored id, so that order survives
  // a restart with a clock that was set back. Ids more than `kMaxLead` ahead of the clock are ignored.
  void start_after(const TimeOrderedId& id);
  static constexpr std::chrono::hours kMaxLead{24};

  // 16 random bytes, base64url, 22 characters: ids of clients, resources and other things that are never
  // parsed.
  std::string opaque();
  // `size` random bytes, base64url. For secrets; 32 bytes give 43 characters.
  std::string token(std::size_t size) { return random_.token(size); }

 private:
  const Clock& clock_;
  Random& random_;
  std::atomic<std::uint64_t> last_{0};  // milliseconds << 12 | counter
};

}  // namespace authplane::authserver
