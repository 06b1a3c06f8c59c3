#pragma once

#include <string>
#include <string_view>

namespace authplane::authserver {

// `text` as it may stand between tags and inside a quoted attribute. The five significant characters and '`'
// become entities, tabs and line ends a space. What could disturb the text around it becomes U+FFFD:
// malformed UTF-8, control characters, and the invisible ones that reorder or break lines.
std::string escape_html(std::string_view text);

// At most `max` characters (code points, or bytes where the UTF-8 is malformed), the rest as one ellipsis.
std::string shorten(std::string_view text, std::size_t max);

// Markup written in the source. Cannot be made from anything a request or a row brought.
class Markup {
 public:
  consteval Markup(const char* text) : text_(text) {}  // NOLINT: implicit on purpose
  constexpr std::string_view view() const { return text_; }

 private:
  std::string_view text_;
};

// Builds a page out of markup and text, and escapes all text.
class Html {
 public:
  Html& markup(Markup markup) {
    out_ += markup.view();
    return *this;
  }
  Html& text(std::string_view text) {
    out_ += escape_html(text);
    return *this;
  }
  // <input type="hidden">
  Html& hidden(Markup name, std::string_view value) {
    return markup("<input type=\"hidden\" name=\"")
        .markup(name)
        .markup("\" value=\"")
        .text(value)
        .markup("\">\n");
  }
  std::string take() && { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace authplane::authserver
