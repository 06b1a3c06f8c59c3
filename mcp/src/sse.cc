#include "sse.h"

namespace authplane::mcp {

void append_sse_event(std::string& out, std::string_view data) {
  out.reserve(out.size() + data.size() + 8);
  std::size_t begin = 0;
  while (true) {
    const auto end = data.find_first_of("\r\n", begin);
    out += "data: ";
    out += data.substr(begin, end == std::string_view::npos ? end : end - begin);
    out += '\n';
    if (end == std::string_view::npos) break;
    const bool crlf = data.substr(end, 2) == "\r\n";
    begin = end + (crlf ? 2 : 1);
  }
  out += '\n';
}

bool SseParser::feed(std::string_view bytes) {
  while (!bytes.empty() && !failed_) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
    if (bytes.empty()) {
      after_cr_ = false;
      break;
    }
    after_cr_ = false;
    const auto end = bytes.find_first_of("\r\n");
    line_ += bytes.substr(0, end);
    if (line_.size() > max_event_bytes_) failed_ = true;
    if (end == std::string_view::npos || failed_) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (!take_line()) failed_ = true;
    line_.clear();
  }
  return !failed_;
}

bool SseParser::take_line() {
  std::string_view line = line_;
  if (first_line_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  first_line_ = false;
  if (line.empty()) {
    dispatch();
    return true;
  }
  const auto colon = line.find(':');
  auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  take_field(line.substr(0, colon), value);
  return data_.size() <= max_event_bytes_;
}

void SseParser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  }
}

void SseParser::dispatch() {
  if (has_data_) handler_({type_.empty() ? "message" : type_, data_, id_});
  data_.clear();
  type_.clear();
  has_data_ = false;
}

}  // namespace authplane::mcp
