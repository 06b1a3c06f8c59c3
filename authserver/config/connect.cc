#include "authserver/config/connect.h"

#include <algorithm>

#include <authplane/base/encoding.h>

#include "authserver/config/text_values.h"
#include "authserver/identity/return_url.h"

namespace authplane::authserver {
namespace {

constexpr std::string_view kSecret = "connect.state_secret";
constexpr std::string_view kBase = "connect.redirect_base_url";
constexpr std::string_view kReturnUrls = "connect.allowed_return_urls";
constexpr std::size_t kMinSecret = 32;

bool is_on(const Settings& s) {
  return !s.secret(kSecret).empty();
}

}  // namespace

ConfigProblems connect_problems(const Settings& s) {
  ConfigProblems problems;
  const auto require = [&](bool holds, std::string_view key, std::string text) {
    if (!holds) problems.push_back({std::string(key), std::move(text)});
  };
  require(!is_on(s) || s.secret(kSecret).size() >= kMinSecret, kSecret,
          "is shorter than 32 characters; set AUTHPLANE_CONNECT_STATE_SECRET to the output of: openssl rand "
          "-hex 32");
  const std::string& base = s.text(kBase);
  require(
      base.empty() || (is_plain_url(base, is_localhost_issuer(base)) && base.find('?') == std::string::npos),
      kBase, "'" + base + "' is not an https URL without query and fragment; http is for localhost only");
  require(!is_on(s) || !equals_ignore_case(s.text("session.same_site"), "strict"), "session.same_site",
          "is strict, with which nobody who comes back from a provider is signed in; use lax");
  return problems;
}

ConfigProblems missing_connect(const Settings& s, const std::vector<ResourceSeed>& resources) {
  std::string because;
  for (const std::string_view key : {kSecret, kBase, kReturnUrls}) {
    const bool set = key == kSecret ? is_on(s)
                     : key == kBase ? !s.text(kBase).empty()
                                    : !s.list(kReturnUrls).empty();
    if (set && because.empty()) because = std::string(key) + " is set";
  }
  const auto broker = std::find_if(resources.begin(), resources.end(), [](const ResourceSeed& resource) {
    return resource.backend_kind == "broker";
  });
  if (because.empty() && broker != resources.end())
    because = "the resource " + broker->slug + " is of kind broker";
  if (because.empty()) return {};
  ConfigProblems problems;
  if (!is_on(s)) {
    problems.push_back({std::string(kSecret), "is empty although " + because +
                                                  "; set AUTHPLANE_CONNECT_STATE_SECRET to the output of: "
                                                  "openssl rand -hex 32"});
  }
  if (s.text(kBase).empty()) {
    problems.push_back({std::string(kBase), "is empty although " + because + "; set it to " +
                                                s.text("server.issuer") +
                                                ", or to where providers reach this server"});
  }
  return problems;
}

std::vector<std::string> connect_allowed_return_urls(const Settings& s) {
  return trimmed(s.list(kReturnUrls));
}

std::vector<std::string> connect_advice(const Settings& s) {
  std::vector<std::string> lines;
  if (is_on(s) && s.text(kBase).empty())
    lines.push_back("connect.redirect_base_url is empty; providers send users back to server.issuer");
  for (const std::string& entry : connect_allowed_return_urls(s)) {
    if (!is_return_url_entry(entry)) {
      lines.push_back("connect.allowed_return_urls has '" + entry +
                      "', which no URL matches; write a whole URL, or http://localhost:* or "
                      "http://127.0.0.1:* for any port there");
    }
  }
  return lines;
}

}  // namespace authplane::authserver
