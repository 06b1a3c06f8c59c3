#include <authplane/mcp/protocol.h>

namespace authplane::mcp {

std::string_view to_string(LoggingLevel level) noexcept {
  switch (level) {
    case LoggingLevel::debug:
      return "debug";
    case LoggingLevel::info:
      return "info";
    case LoggingLevel::notice:
      return "notice";
    case LoggingLevel::warning:
      return "warning";
    case LoggingLevel::error:
      return "error";
    case LoggingLevel::critical:
      return "critical";
    case LoggingLevel::alert:
      return "alert";
    case LoggingLevel::emergency:
      return "emergency";
  }
  return "";
}

}  // namespace authplane::mcp
