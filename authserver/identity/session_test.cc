#include <gtest/gtest.h>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/testing/testing.h>

#include "authserver/identity/cookie.h"
#include "authserver/identity/form_tokens.h"
#include "authserver/identity/session_cookie.h"

namespace authplane::authserver {
namespace {

using std::chrono::seconds;

constexpr KeyPurpose kPurposes[] = {
    KeyPurpose::session_cookie, KeyPurpose::login_nonce,       KeyPurpose::login_form,
    KeyPurpose::consent_form,   KeyPurpose::provider_cookie,   KeyPurpose::provider_state,
    KeyPurpose::provider_nonce, KeyPurpose::provider_verifier, KeyPurpose::connections_form,
    KeyPurpose::connect_state,  KeyPurpose::connect_user,      KeyPurpose::connect_return_url};
static_assert(std::size(kPurposes) == kKeyPurposes);

struct Bench {
  SessionKeys keys{SecretString("dev-session-secret-change-me")};
  SessionKeys other_keys{SecretString("dev-session-secret-change-mf")};
  testing::FakeClock clock;
  testing::SeededRandom random;

  std::string seal(std::string user = "user-1") {
    return seal_session(keys, {std::move(user), clock.now(), clock.now_seconds() + seconds(3600)}, random);
  }
  std::optional<Session> open(std::string_view cookie) const {
    return open_session(keys, cookie, clock.now_seconds());
  }
};

// Every spelling of `text` with one character changed, cut off or added.
std::vector<std::string> spoiled(const std::string& text) {
  std::vector<std::string> all = {"", text + ".", text + "A", "." + text, " " + text, text + " ", text + "="};
  for (std::size_t i = 0; i < text.size(); ++i) {
    all.push_back(text.substr(0, i));
    for (const char c : {'A', '.', '_', '1', '\0'}) {
      if (text[i] == c) continue;
      all.push_back(text);
      all.back()[i] = c;
    }
    // The neighbour in the alphabet, which may differ in the unused bits of the last character alone.
    all.push_back(text);
    ++all.back()[i];
  }
  return all;
}

TEST(SessionKeys, AreHkdfOfTheSecret) {
  // HKDF-SHA256, salt "authplane session", info "session-cookie", by another implementation.
  const std::string key = *hex_decode("c0fc72b02abe9df13e6a6819e49d6c1ea0b667cd288283b833e69106147932a3");
  EXPECT_EQ(Bench().keys.tag(KeyPurpose::session_cookie, "message"),
            base64url_encode(as_bytes(hmac_sha256(key, "message"))));
}

TEST(SessionKeys, ATagOfOnePurposeIsWorthNothingForAnother) {
  const Bench bench;
  for (const KeyPurpose made : kPurposes) {
    const std::string tag = bench.keys.tag(made, "message");
    for (const KeyPurpose used : kPurposes) {
      EXPECT_EQ(bench.keys.verify(used, "message", tag), made == used);
    }
    EXPECT_FALSE(bench.keys.verify(made, "messagf", tag));
    EXPECT_FALSE(bench.other_keys.verify(made, "message", tag));
    for (const std::string& wrong : spoiled(tag)) EXPECT_FALSE(bench.keys.verify(made, "message", wrong));
  }
}

TEST(SessionCookie, NamesItsUserUntilItExpires) {
  Bench bench;
  const std::string cookie = bench.seal("user-1");
  const auto session = bench.open(cookie);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->user_id, "user-1");
  EXPECT_EQ(session->began_at, bench.clock.now());
  EXPECT_EQ(session->expires_at, bench.clock.now_seconds() + seconds(3600));
  bench.clock.advance(seconds(3599));
  EXPECT_TRUE(bench.open(cookie));
  bench.clock.advance(seconds(1));
  EXPECT_FALSE(bench.open(cookie));
}

TEST(SessionCookie, EveryLoginIsANewSession) {
  Bench bench;
  EXPECT_NE(bench.seal(), bench.seal());
}

TEST(SessionCookie, HasOneSpellingOnly) {
  Bench bench;
  const std::string cookie = bench.seal();
  for (const std::string& wrong : spoiled(cookie)) ASSERT_FALSE(bench.open(wrong)) << wrong;
  EXPECT_FALSE(bench.open(cookie + std::string(1000, 'A')));
  EXPECT_FALSE(open_session(bench.other_keys, cookie, bench.clock.now_seconds()));
}

TEST(SessionCookie, PartsCannotChangePlaces) {
  Bench bench;
  const std::string cookie = bench.seal("aaaa");
  const std::string tag = cookie.substr(cookie.rfind('.'));
  for (const std::string& text : {"2.YWFhYg." + cookie.substr(11), std::string("2..1.99999999999.x") + tag,
                                  std::string("1") + cookie.substr(1)}) {
    EXPECT_FALSE(bench.open(text)) << text;
  }
}

// Well signed but not what seal_session writes, as a later version might.
TEST(SessionCookie, ASignedTextOfAnotherShapeIsNoSession) {
  const Bench bench;
  for (const std::string_view text :
       {"", "2", "2.dXNlcg", "2.dXNlcg.1", "2.dXNlcg.1.99999999999", "1.dXNlcg.1.99999999999.r",
        "1.dXNlcg.99999999999.r", "3.dXNlcg.1.99999999999.r", "2..1.99999999999.r",
        "2.dXNlcg.1.99999999999.r.s", "2.dXNlcg.1..r", "2.dXNlcg..99999999999.r", "2.dXNlcg.1.x.r",
        "2.dXNlcg.x.99999999999.r", "2.dXNlcg.1.99999999999999999999.r",
        "2.dXNlcg.99999999999999999999.99999999999.r", "2.dXNlcg.1.-1.r", "2.dXNlcg==.1.99999999999.r",
        "2.!.1.99999999999.r"}) {
    const std::string cookie = std::string(text) + "." + bench.keys.tag(KeyPurpose::session_cookie, text);
    EXPECT_FALSE(bench.open(cookie)) << text;
  }
  const std::string_view good = "2.dXNlcg.1.99999999999.r";
  EXPECT_TRUE(bench.open(std::string(good) + "." + bench.keys.tag(KeyPurpose::session_cookie, good)));
}

TEST(SessionCookie, TakesAnyUserIdOfReasonableLength) {
  Bench bench;
  for (const std::string& user : {std::string(128, 'x'), std::string("a.b;c=\r\n\0\xff", 10)}) {
    const std::string cookie = bench.seal(user);
    EXPECT_EQ(bench.open(cookie)->user_id, user);
    EXPECT_NO_THROW(set_cookie({.name = "s"}, cookie, seconds(1)));
  }
  EXPECT_THROW(bench.seal(""), std::invalid_argument);
  EXPECT_THROW(bench.seal(std::string(129, 'x')), std::invalid_argument);
}

TEST(LoginForm, TokenIsGoodForItsNonceOnly) {
  Bench bench;
  const std::string cookie = make_login_nonce(bench.keys, bench.random);
  const std::string foreign = make_login_nonce(bench.keys, bench.random);
  ASSERT_NE(cookie, foreign);
  const std::string token = login_form_token(bench.keys, cookie).value();
  EXPECT_TRUE(is_login_form_token(bench.keys, cookie, token));
  EXPECT_FALSE(is_login_form_token(bench.keys, foreign, token));
  EXPECT_FALSE(is_login_form_token(bench.other_keys, cookie, token));
  for (const std::string& wrong : spoiled(token))
    EXPECT_FALSE(is_login_form_token(bench.keys, cookie, wrong));
  EXPECT_NO_THROW(set_cookie({.name = std::string(kLoginNonceCookie)}, cookie, kLoginNonceMaxAge));
}

TEST(LoginForm, ANonceThatIsNotOursGivesAndTakesNoToken) {
  Bench bench;
  const std::string cookie = make_login_nonce(bench.keys, bench.random);
  const std::string token = login_form_token(bench.keys, cookie).value();
  for (const std::string& wrong : spoiled(cookie)) {
    ASSERT_FALSE(login_form_token(bench.keys, wrong)) << wrong;
    ASSERT_FALSE(is_login_form_token(bench.keys, wrong, token)) << wrong;
  }
  EXPECT_FALSE(login_form_token(bench.other_keys, cookie));
}

TEST(LoginForm, WhatStandsInTheCookieIsNotTheToken) {
  Bench bench;
  const std::string cookie = make_login_nonce(bench.keys, bench.random);
  for (const std::string& part : {cookie, cookie.substr(0, 43), cookie.substr(44)}) {
    EXPECT_FALSE(is_login_form_token(bench.keys, cookie, part));
  }
}

TEST(ConsentForm, TokenIsGoodForItsLoginAndItsRequestOnly) {
  Bench bench;
  const std::string cookie = bench.seal();
  const std::string later = bench.seal();
  const std::string token = consent_form_token(bench.keys, cookie, "request-1");
  EXPECT_TRUE(is_consent_form_token(bench.keys, cookie, "request-1", token));
  EXPECT_FALSE(is_consent_form_token(bench.keys, later, "request-1", token));
  EXPECT_FALSE(is_consent_form_token(bench.keys, cookie, "request-2", token));
  EXPECT_FALSE(is_consent_form_token(bench.keys, cookie, "", token));
  EXPECT_FALSE(is_consent_form_token(bench.keys, cookie + "r", "equest-1", token));
  EXPECT_FALSE(is_consent_form_token(bench.other_keys, cookie, "request-1", token));
  for (const std::string& wrong : spoiled(token)) {
    EXPECT_FALSE(is_consent_form_token(bench.keys, cookie, "request-1", wrong));
  }
}

TEST(ConsentForm, TokensOfTheFormsAreNotInterchangeable) {
  Bench bench;
  const std::string nonce = make_login_nonce(bench.keys, bench.random);
  const std::string session = bench.seal();
  const std::string login = login_form_token(bench.keys, nonce).value();
  const std::string consent = consent_form_token(bench.keys, session, "request-1");
  EXPECT_FALSE(is_consent_form_token(bench.keys, session, "request-1", login));
  EXPECT_FALSE(is_consent_form_token(bench.keys, nonce, "", login));
  EXPECT_FALSE(is_login_form_token(bench.keys, nonce, consent));
  EXPECT_FALSE(
      is_consent_form_token(bench.keys, session, "request-1", session.substr(session.rfind('.') + 1)));
  EXPECT_FALSE(bench.open(nonce));
  EXPECT_FALSE(login_form_token(bench.keys, session));
}

}  // namespace
}  // namespace authplane::authserver
