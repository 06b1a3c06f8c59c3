#include "era.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/mcp/protocol.h>

#include "json_writer.h"
#include "responses.h"

namespace authplane::mcp {
namespace {

constexpr std::string_view kFirstModernVersion = "2026-07-28";
constexpr std::string_view kVersionMember = "io.modelcontextprotocol/protocolVersion";
constexpr std::size_t kMaxEchoedBytes = 64;

bool is_modern_date(std::string_view text) {
  if (text.size() != kFirstModernVersion.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9')) return false;
  }
  return text >= kFirstModernVersion;
}

const Json* version_member(const Message& message) {
  const auto* meta = message.params != nullptr ? find_object(*message.params, "_meta") : nullptr;
  return meta != nullptr ? find_member(*meta, kVersionMember) : nullptr;
}

}  // namespace

EraClaim era_of(const Headers& headers, const std::vector<Message>& messages) {
  for (const auto& message : messages) {
    const auto* version = version_member(message);
    if (version == nullptr) continue;
    return {Era::modern, version->is_string() ? version->get<std::string>() : std::string()};
  }
  for (const auto version : headers.all(kVersionHeader)) {
    if (is_modern_date(version)) return {Era::modern, std::string(version)};
  }
  return {};
}

HttpResponse refuse_modern(const EraClaim& claim, const Incoming& incoming) {
  std::string data = R"({"supported":[)";
  for (const auto version : kProtocolVersions) {
    if (data.back() != '[') data += ',';
    append_json_string(data, version);
  }
  data += R"(],"requested":)";
  append_json_string(data, std::string_view(claim.requested).substr(0, kMaxEchoedBytes));
  data += '}';
  const auto raw_id = incoming.batch ? std::string_view() : incoming.messages.front().raw_id;
  return error_response(
      400, raw_id,
      {kUnsupportedProtocolVersion, "This server needs the initialize handshake", std::move(data)});
}

}  // namespace authplane::mcp
