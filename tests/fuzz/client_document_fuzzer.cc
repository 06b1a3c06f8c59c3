// A client ID metadata document and its URL, which is the identifier. An input is the URL, a line break, and
// the document; `$id` in the document stands for the URL.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/json/json.h>

#include "authserver/cimd/client_document.h"
#include "authserver/cimd/client_url.h"
#include "authserver/domain/client_metadata.h"
#include "check.h"

using namespace authplane;
using namespace authplane::authserver;

namespace {

void check_url(std::string_view text) {
  for (const bool allow_http : {false, true}) {
    const auto url = check_client_url(text, allow_http);
    if (!url) {
      FUZZ_CHECK(url.error().code == ErrorCode::invalid_argument);
      continue;
    }
    FUZZ_CHECK(is_client_url(text) && url->text() == text && text.size() <= 256);
    FUZZ_CHECK(text.starts_with("https://") || (allow_http && text.starts_with("http://")));
    // One spelling: what is compared byte for byte is what is fetched.
    FUZZ_CHECK(text == url->origin() + url->request_target());
    FUZZ_CHECK(text.find_first_of("@#\\ \n") == std::string_view::npos ||
               url->path().find('@') != std::string::npos || url->query().find('@') != std::string::npos);
    const std::string decoded = percent_decode(url->path()).value() + "/";
    FUZZ_CHECK(decoded.find("/../") == std::string::npos && decoded.find("/./") == std::string::npos);
    FUZZ_CHECK(url->path().find_first_not_of('/') != std::string::npos);
  }
}

bool is_subset(const std::vector<std::string>& part, const Json& all) {
  return std::all_of(part.begin(), part.end(), [&](const std::string& one) {
    return std::find(all.begin(), all.end(), Json(one)) != all.end();
  });
}

// What was accepted, judged once more from the JSON.
void check_accepted(std::string_view text, std::string_view id, const ClientDocument& document) {
  const Json json = parse_json_object(text, {.max_bytes = kMaxClientDocumentBytes}).value();
  FUZZ_CHECK(json.at("client_id") == id && json.at("client_name") == document.name);
  FUZZ_CHECK(json.at("redirect_uris") == document.redirect_uris && !document.redirect_uris.empty());
  for (const char* secret : {"client_secret", "client_secret_expires_at"}) {
    FUZZ_CHECK(json.value(secret, Json()).is_null());
  }
  const Json method = json.value("token_endpoint_auth_method", Json());
  FUZZ_CHECK(method.is_null() || method == "none");
  const auto& grants = document.grant_types;
  FUZZ_CHECK(std::count(grants.begin(), grants.end(), "authorization_code") == 1);
  const Json listed = json.value("grant_types", Json());
  FUZZ_CHECK(listed.is_null() ? grants.size() == 2 : is_subset(grants, listed));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_break = std::min(input.find('\n'), input.size());
  const std::string id(input.substr(0, line_break));
  std::string text(input.substr(std::min(line_break + 1, input.size())));
  if (const auto at = text.find("$id"); at != std::string::npos) text.replace(at, 3, id);

  check_url(id);
  const auto document = parse_client_document(text, id);
  if (document) {
    check_accepted(text, id, *document);
    FUZZ_CHECK(!parse_client_document(text, id + "/"));
  } else {
    FUZZ_CHECK(document.error().code == DomainErrorCode::invalid_client);
    // The caller learns nothing of what was fetched, and the operator reads one line.
    FUZZ_CHECK(document.error().description == "the client's metadata document cannot be used");
    for (const char c : document.error().detail) FUZZ_CHECK(c >= 0x20 && c < 0x7F);
  }
  // A registration is the same metadata without a URL.
  const auto metadata = parse_client_metadata(text, kMaxClientDocumentBytes);
  FUZZ_CHECK(metadata || !document);
  if (metadata) FUZZ_CHECK(parse_json_object(text, {.max_bytes = kMaxClientDocumentBytes}));
  return 0;
}
