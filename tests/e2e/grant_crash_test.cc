// What the server said about a user's tokens stays said, whenever it is killed. AUTHPLANE_CRASH_ROUNDS sets
// how often; the default suits a build machine.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

#include <authplane/base/form.h>
#include <authplane/base/hash.h>

#include "authserver/domain/storage.h"
#include "authserver/storage/sqlite/sqlite_storage.h"
#include "stack.h"

namespace authplane::e2e {
namespace {

using namespace authplane::authserver;

constexpr int kCallers = 8;
constexpr std::size_t kAnswersPerRound = 60;
constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
constexpr const char* kRedirect = "http://127.0.0.1:4711/cb";

int rounds() {
  const char* wanted = std::getenv("AUTHPLANE_CRASH_ROUNDS");
  return wanted != nullptr ? std::max(1, std::atoi(wanted)) : 5;
}

// The database of a server that is not running.
class Database {
 public:
  explicit Database(const AuthServer& as)
      : storage_(
            open_sqlite({.path = (as.folder() / "data/authserver.db").string()}, clock_, logger_).value()) {}

  void add_user_and_client() {
    User user;
    user.id = "user-1";
    user.created_at = user.updated_at = clock_.now();
    storage_->users().insert(user).value();
    Client client;
    client.id = "app";
    client.name = "app";
    client.redirect_uris = {kRedirect};
    client.grant_types = {"authorization_code", "refresh_token"};
    client.response_types = {"code"};
    client.issued_at = client.updated_at = clock_.now();
    storage_->clients().insert(client).value();
  }
  std::string approved_code() {
    Authorization pending;
    pending.id = ids_.opaque();
    pending.client_id = "app";
    pending.user_id = "user-1";
    pending.redirect_uri = kRedirect;
    pending.scopes = ScopeSet::split("s");
    pending.code_challenge = kChallenge;
    pending.created_at = clock_.now();
    pending.expires_at = clock_.now() + std::chrono::minutes(10);
    storage_->authorizations().create(pending).value();
    std::string code = ids_.token(32);
    Approval approval;
    approval.authorization_id = pending.id;
    approval.user_id = "user-1";
    approval.scopes = pending.scopes;
    approval.code_hash = sha256(code);
    approval.now = clock_.now();
    storage_->authorizations().approve(approval).value();
    return code;
  }
  bool is_consumed(const std::string& refresh_token) {
    return storage_->families()
        .find_by_refresh_token(sha256(refresh_token))
        .value()
        ->token.consumed_at.has_value();
  }
  bool is_live(const std::string& access_token) {
    const std::string jti = jwt_part(access_token, 1)["jti"];
    return storage_->issuances().token_state(jti, clock_.now()).value() == TokenState::live;
  }

 private:
  SystemClock clock_;
  NullLogger logger_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
  std::unique_ptr<Storage> storage_;
};

// One code and everything the server answered about it.
struct Session {
  std::string code;
  bool is_redeemed = false;
  std::vector<std::string> rotated;   // refresh tokens that were answered with a successor
  std::vector<std::string> access;    // tokens that were answered
  std::optional<std::string> newest;  // none while a request about it is not answered
  bool is_revoked = false;
};

Reply post(const AuthServer& as, const std::string& path,
           std::initializer_list<std::pair<const char*, std::string>> parameters) {
  Form form;
  form.add("client_id", "app");
  for (const auto& [name, value] : parameters) form.add(name, value);
  return http("POST", as.url(path), {{"Content-Type", "application/x-www-form-urlencoded"}}, form.encode());
}
Reply redeem(const AuthServer& as, const std::string& code) {
  return post(as, "/oauth/token",
              {{"grant_type", "authorization_code"},
               {"code", code},
               {"redirect_uri", kRedirect},
               {"code_verifier", kVerifier}});
}
Reply refresh(const AuthServer& as, const std::string& token) {
  return post(as, "/oauth/token", {{"grant_type", "refresh_token"}, {"refresh_token", token}});
}

void keep(Session& session, const Reply& reply) {
  session.access.push_back(reply.json()["access_token"]);
  session.newest = reply.json()["refresh_token"].get<std::string>();
}

// Redeems, refreshes three times, revokes every second session. Returns early when an answer is missing.
void live(const AuthServer& as, Session& session, bool revoke_it) {
  const Reply redeemed = redeem(as, session.code);
  if (redeemed.status != 200) return;
  session.is_redeemed = true;
  keep(session, redeemed);
  for (int i = 0; i < 3; ++i) {
    const std::string used = *std::exchange(session.newest, std::nullopt);
    const Reply next = refresh(as, used);
    if (next.status != 200) return;
    session.rotated.push_back(used);
    keep(session, next);
  }
  if (!revoke_it) return;
  const std::string last = *std::exchange(session.newest, std::nullopt);
  if (post(as, "/oauth/revoke", {{"token", last}}).status != 200) return;
  session.is_revoked = true;
  session.newest = last;
}

// With the server down: what it recorded.
void check_records(Database& database, const std::vector<Session>& sessions) {
  for (const Session& session : sessions) {
    for (const std::string& used : session.rotated) EXPECT_TRUE(database.is_consumed(used));
    if (!session.newest) continue;
    EXPECT_EQ(database.is_consumed(*session.newest), session.is_revoked);
    for (const std::string& token : session.access) EXPECT_EQ(database.is_live(token), !session.is_revoked);
  }
}

// With the server up again: what it answers. The last checks end the families.
void check_answers(const AuthServer& as, const std::vector<Session>& sessions) {
  for (const Session& session : sessions) {
    if (!session.is_redeemed) continue;
    if (session.newest) {
      const Reply next = refresh(as, *session.newest);
      EXPECT_EQ(next.status, session.is_revoked ? 400 : 200) << next.body;
    }
    const Reply again = redeem(as, session.code);
    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(again.json().value("error", ""), "invalid_grant");
    for (const std::string& used : session.rotated) {
      const Reply reused = refresh(as, used);
      EXPECT_EQ(reused.status, 400);
      EXPECT_EQ(reused.json().value("error", ""), "invalid_grant");
    }
  }
}

TEST(GrantCrash, ConsumedRotatedAndRevokedStaySoAfterKill9) {
  TempFolder folder;
  AuthServer as(folder.path());
  as.start();
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_EQ(as.stop(), 0);
  Database(as).add_user_and_client();

  std::size_t redeemed = 0, rotated = 0, revoked = 0;
  for (int round = 0; round < rounds(); ++round) {
    std::vector<Session> sessions(kCallers * 20);
    {
      Database database(as);
      for (Session& session : sessions) session.code = database.approved_code();
    }
    as.start();
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
    std::atomic<std::size_t> next = 0, finished = 0;
    std::vector<std::jthread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&] {
        for (std::size_t mine = next++; mine < sessions.size(); mine = next++) {
          live(as, sessions[mine], mine % 2 == 0);
          ++finished;
        }
      });
    }
    EXPECT_TRUE(eventually(std::chrono::seconds(60), [&] { return finished >= kAnswersPerRound; }));
    as.kill();
    callers.clear();

    {
      Database database(as);
      check_records(database, sessions);
    }
    as.start();
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
    check_answers(as, sessions);
    ASSERT_EQ(as.stop(), 0);
    ASSERT_FALSE(HasFailure()) << "round " << round;
    for (const Session& session : sessions) {
      redeemed += session.is_redeemed;
      rotated += session.rotated.size();
      revoked += session.is_revoked;
    }
  }
  EXPECT_GT(redeemed, 0u);
  EXPECT_GT(rotated, 0u);
  EXPECT_GT(revoked, 0u);
  RecordProperty("redeemed_codes", static_cast<int>(redeemed));
  RecordProperty("rotated_tokens", static_cast<int>(rotated));
  RecordProperty("revoked_families", static_cast<int>(revoked));
}

}  // namespace
}  // namespace authplane::e2e
