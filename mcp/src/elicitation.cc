#include "elicitation.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/result.h>
#include <authplane/base/url.h>
#include <authplane/mcp/protocol.h>

#include "json_writer.h"

namespace authplane::mcp {
namespace {

constexpr std::size_t kMaxElicitations = 16;  // more is nothing a person could work through

std::vector<UrlElicitation> checked(std::vector<UrlElicitation> elicitations) {
  const bool usable = !elicitations.empty() &&
                      std::all_of(elicitations.begin(), elicitations.end(), [](const UrlElicitation& page) {
                        return !page.elicitation_id.empty() && is_web_url(page.url);
                      });
  if (usable) return elicitations;
  throw Exception(
      Err(ErrorCode::invalid_argument, "mcp elicitation: each page needs an id and an http(s) URL").error);
}

}  // namespace

bool is_web_url(std::string_view text) {
  const auto url = Url::parse(text);
  return url && (url->scheme() == "https" || url->scheme() == "http") && !url->has_userinfo();
}

UrlElicitationRequired::UrlElicitationRequired(std::string message, std::vector<UrlElicitation> elicitations)
    : RpcException({.code = kUrlElicitationRequired,
                    .message = std::move(message),
                    .data_json = elicitation_data(elicitations)}),
      elicitations_(checked(std::move(elicitations))) {}

std::string elicitation_data(const std::vector<UrlElicitation>& elicitations) {
  std::string out = R"({"elicitations":[)";
  for (const auto& page : elicitations) {
    if (&page != &elicitations.front()) out += ',';
    out += R"({"mode":"url","elicitationId":)";
    append_json_string(out, page.elicitation_id);
    out += R"(,"url":)";
    append_json_string(out, page.url);
    out += R"(,"message":)";
    append_json_string(out, page.message);
    out += '}';
  }
  return out + "]}";
}

std::vector<UrlElicitation> parse_elicitations(const Json& error) {
  const auto* code = find_member(error, "code");
  const auto* data = find_object(error, "data");
  const auto* list = data != nullptr ? find_array(*data, "elicitations") : nullptr;
  std::vector<UrlElicitation> pages;
  if (code == nullptr || *code != kUrlElicitationRequired || list == nullptr) return pages;
  for (const auto& item : *list) {
    const auto* mode = item.is_object() ? find_string(item, "mode") : nullptr;
    if (mode == nullptr || *mode != "url" || pages.size() == kMaxElicitations) continue;
    const auto* url = find_string(item, "url");
    if (url == nullptr || !is_web_url(*url)) continue;
    const auto* id = find_string(item, "elicitationId");
    const auto* message = find_string(item, "message");
    pages.push_back(
        {*url, id != nullptr ? *id : std::string(), message != nullptr ? *message : std::string()});
  }
  return pages;
}

std::string elicitation_text(const UrlElicitationRequired& required) {
  std::string text = std::string(required.what()) + ". Open in a browser, then call the tool again:";
  for (const auto& page : required.elicitations()) text += '\n' + page.message + '\n' + page.url;
  return text;
}

}  // namespace authplane::mcp
