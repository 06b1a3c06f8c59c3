// A session cookie: as it came, and the part behind its signature. `$tag` at the end stands for the tag of
// what is before it.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <authplane/base/encoding.h>
#include <authplane/base/random.h>

#include "authserver/identity/form_tokens.h"
#include "authserver/identity/session_cookie.h"
#include "check.h"

using namespace authplane;
using namespace authplane::authserver;

namespace {

constexpr std::string_view kTag = ".$tag";

const SessionKeys& keys() {
  static const SessionKeys made{SecretString("the secret of the fuzzer, 32 bytes")};
  return made;
}

void check_opened(std::string_view text, const Session& session, std::chrono::sys_seconds now) {
  FUZZ_CHECK(!session.user_id.empty() && session.expires_at > now && text.starts_with("2."));
  FUZZ_CHECK(std::count(text.begin(), text.end(), '.') == 4);
  FUZZ_CHECK(text.starts_with("2." + base64url_encode(session.user_id) + "."));
  // From the second of its end on it is nobody's.
  const std::string cookie = std::string(text) + "." + keys().tag(KeyPurpose::session_cookie, text);
  FUZZ_CHECK(!open_session(keys(), cookie, session.expires_at));
  if (session.user_id.size() > 128) return;
  SystemRandom random;
  const auto again = open_session(keys(), seal_session(keys(), session, random), now);
  FUZZ_CHECK(again && again->user_id == session.user_id && again->began_at == session.began_at &&
             again->expires_at == session.expires_at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::chrono::sys_seconds now(std::chrono::seconds(1'767'225'600));
  // Without the secret nothing is a session, a login or a consent.
  FUZZ_CHECK(!open_session(keys(), input, now));
  FUZZ_CHECK(!login_form_token(keys(), input));
  FUZZ_CHECK(!is_consent_form_token(keys(), input, "a-1", input));
  if (!input.ends_with(kTag)) return 0;
  const std::string_view text = input.substr(0, input.size() - kTag.size());
  // Nor with a tag that was made for something else.
  const std::string other = std::string(text) + "." + keys().tag(KeyPurpose::login_nonce, text);
  FUZZ_CHECK(!open_session(keys(), other, now));
  const std::string cookie = std::string(text) + "." + keys().tag(KeyPurpose::session_cookie, text);
  if (const auto session = open_session(keys(), cookie, now)) check_opened(text, *session, now);
  return 0;
}
