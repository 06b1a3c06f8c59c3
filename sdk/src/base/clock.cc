#include <authplane/base/clock.h>

namespace authplane {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void put(char* at, int width, unsigned value) {
  for (int i = width - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// Reads fixed-width fields from the front of a text; every failure sticks.
class Scanner {
 public:
  explicit Scanner(std::string_view rest) : rest_(rest) {}

  int number(std::size_t width, int low, int high) {
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (!digit_ahead()) return fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value < low || value > high ? fail() : value;
  }
  void literal(char c) {
    if (!take(c)) fail();
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // 1*DIGIT; digits past the sixth are dropped.
  microseconds fraction() {
    if (!digit_ahead()) fail();
    int value = 0;
    for (int scale = 100'000; digit_ahead(); scale /= 10) {
      value += (rest_.front() - '0') * scale;
      rest_.remove_prefix(1);
    }
    return microseconds(value);
  }
  bool finished() const { return ok_ && rest_.empty(); }

 private:
  bool digit_ahead() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  int fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

minutes parse_offset(Scanner& in) {
  if (in.take('Z') || in.take('z')) return minutes(0);
  const int sign = in.take('-') ? -1 : 1;
  if (sign == 1) in.literal('+');
  const int hour = in.number(2, 0, 23);
  in.literal(':');
  const int minute = in.number(2, 0, 59);
  return sign * (hours(hour) + minutes(minute));
}

}  // namespace

WallTime SystemClock::now() const {
  return std::chrono::floor<microseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

std::string format_rfc3339(WallTime time, Fraction fraction) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string out = "0000-00-00T00:00:00";
  put(out.data(), 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put(out.data() + 5, 2, static_cast<unsigned>(date.month()));
  put(out.data() + 8, 2, static_cast<unsigned>(date.day()));
  put(out.data() + 11, 2, static_cast<unsigned>(clock.hours().count()));
  put(out.data() + 14, 2, static_cast<unsigned>(clock.minutes().count()));
  put(out.data() + 17, 2, static_cast<unsigned>(clock.seconds().count()));
  if (fraction == Fraction::micros) {
    out += ".000000";
    put(out.data() + 20, 6, static_cast<unsigned>(clock.subseconds().count()));
  }
  out.push_back('Z');
  return out;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Scanner in(text);
  const int year = in.number(4, 0, 9999);
  in.literal('-');
  const auto month = static_cast<unsigned>(in.number(2, 1, 12));
  in.literal('-');
  const auto day = static_cast<unsigned>(in.number(2, 1, 31));
  if (!in.take('t')) in.literal('T');  // section 5.6 allows lower case for both letters
  const int hour = in.number(2, 0, 23);
  in.literal(':');
  const int minute = in.number(2, 0, 59);
  in.literal(':');
  const int second = in.number(2, 0, 60);
  const microseconds micros = in.take('.') ? in.fraction() : microseconds(0);
  const minutes offset = parse_offset(in);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!in.finished() || !date.ok()) return std::nullopt;
  const auto whole_minute = std::chrono::sys_days(date) + hours(hour) + minutes(minute) - offset;
  // A leap second ends a UTC day; it becomes the second after it.
  const auto last_minute = hours(24) - minutes(1);
  if (second == 60 && whole_minute - std::chrono::floor<days>(whole_minute) != last_minute)
    return std::nullopt;
  return WallTime(whole_minute + seconds(second) + micros);
}

}  // namespace authplane
