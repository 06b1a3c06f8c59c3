#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

// Server-sent events (WHATWG HTML, section 9.2).

namespace authplane::mcp {

// Appends one event with the default type. Line breaks in `data` become further data lines.
void append_sse_event(std::string& out, std::string_view data);

struct SseEvent {
  std::string type;  // "message" unless the stream named another
  std::string data;
  std::string id;  // last id the stream told, "" = none
};

// Reads a stream in pieces of any size; the events do not depend on where it was cut.
class SseParser {
 public:
  using Handler = std::function<void(const SseEvent&)>;

  // `max_event_bytes` bounds one line and the data of one event.
  explicit SseParser(Handler handler, std::size_t max_event_bytes = 4 * 1024 * 1024)
      : handler_(std::move(handler)), max_event_bytes_(max_event_bytes) {}

  // False once a bound was exceeded; everything after is ignored.
  bool feed(std::string_view bytes);
  // An event that no blank line ended is dropped, as the specification asks.

 private:
  bool take_line();
  void take_field(std::string_view name, std::string_view value);
  void dispatch();

  Handler handler_;
  std::size_t max_event_bytes_;
  std::string line_, data_, type_, id_;
  bool first_line_ = true, after_cr_ = false, has_data_ = false, failed_ = false;
};

}  // namespace authplane::mcp
