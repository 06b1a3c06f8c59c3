#pragma once

#include <array>
#include <string_view>

// Names and numbers of the Model Context Protocol, revisions 2024-11-05 to 2025-11-25
// (https://modelcontextprotocol.io).

namespace authplane::mcp {

// Revisions `initialize` negotiates, newest first. 2024-11-05 is echoed to clients that ask for it and served
// with the rules of 2025-03-26.
inline constexpr std::array<std::string_view, 4> kProtocolVersions = {"2025-11-25", "2025-06-18",
                                                                      "2025-03-26", "2024-11-05"};
inline constexpr std::string_view kLatestProtocolVersion = kProtocolVersions.front();
// Assumed when a request tells no version at all (2025-11-25, transports, protocol version header).
inline constexpr std::string_view kFallbackProtocolVersion = "2025-03-26";

inline constexpr std::string_view kSessionHeader = "Mcp-Session-Id";
inline constexpr std::string_view kVersionHeader = "MCP-Protocol-Version";

// JSON-RPC error codes on the wire.
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kUnsupportedProtocolVersion = -32022;
inline constexpr int kUrlElicitationRequired = -32042;  // 2025-11-25 alone; later revisions forbid it

// Severities of `notifications/message`, mildest first (RFC 5424 section 6.2.1).
enum class LoggingLevel { debug, info, notice, warning, error, critical, alert, emergency };
std::string_view to_string(LoggingLevel level) noexcept;

}  // namespace authplane::mcp
