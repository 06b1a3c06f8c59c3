#include <atomic>
#include <latch>
#include <mutex>
#include <thread>

#include <authplane/testing/race.h>

#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using testing::race;

TEST_P(StorageConformance, OneOfAHundredRedemptionsOfACodeIsTheFirst) {
  const int rounds = testing::race_rounds(5);
  stored_client("client-1");
  stored_user("user-1");
  for (int round = 0; round < rounds; ++round) {
    const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", nullptr));
    const TokenHash code = hash_of("code-" + std::to_string(round));
    ASSERT_TRUE(authorizations().approve(make_approval(pending, "code-" + std::to_string(round))));
    std::atomic<int> first = 0, replays = 0, issued = 0;
    race(100, [&](int) {
      const auto redeemed = authorizations().consume_code(code, clock_.now());
      if (!redeemed || !*redeemed) return;
      replays += (*redeemed)->is_replay;
      if ((*redeemed)->is_replay) return;
      ++first;
      issued += issuances().append(make_start((*redeemed)->authorization, ids_.token(32))).has_value();
    });
    EXPECT_EQ(first, 1);
    EXPECT_EQ(replays, 99);
    EXPECT_EQ(issued, 1);
  }
  reopen();
  EXPECT_EQ(families().list({}, {}).value().total, static_cast<std::size_t>(rounds));
  for (int round = 0; round < rounds; ++round) {
    const auto again = authorizations().consume_code(hash_of("code-" + std::to_string(round)), clock_.now());
    EXPECT_TRUE(again.value()->is_replay);
    EXPECT_TRUE(again.value()->family);
  }
}

TEST_P(StorageConformance, OneOfAHundredRotationsOfATokenSucceedsAndTheOthersKillTheFamily) {
  constexpr int kThreads = 100;
  const int rounds = testing::race_rounds(5);
  stored_client("client-1");
  stored_user("user-1");
  std::vector<TimeOrderedId> killed;
  for (int round = 0; round < rounds; ++round) {
    const Session session = stored_session("client-1", "user-1", nullptr);
    std::atomic<int> rotated = 0, reused = 0, refused = 0;
    std::latch answered(kThreads);
    std::mutex mutex;
    std::vector<NewIssuance> sent;
    race(kThreads, [&](int) {
      NewIssuance rotation = make_rotation(session.family, session.refresh_token, ids_.token(32));
      {
        const std::lock_guard lock(mutex);
        sent.push_back(rotation);
      }
      issuances().append_async(std::move(rotation), [&](Outcome<void> outcome) {
        rotated += outcome.has_value();
        reused += failed_with(outcome, DomainErrorCode::token_reused);
        refused += failed_with(outcome, DomainErrorCode::invalid_grant);
        answered.count_down();
      });
    });
    answered.wait();
    EXPECT_EQ(rotated, 1);
    EXPECT_EQ(reused, 1);
    EXPECT_EQ(refused, kThreads - 2);
    std::size_t recorded = 0, successors = 0;
    for (const NewIssuance& one : sent) {
      recorded += issuances().get(one.row.id).has_value();
      EXPECT_FALSE(is_live(one.row));
      const auto successor = families().find_by_refresh_token(std::get<Rotation>(one.family).successor.hash);
      if (!*successor) continue;
      ++successors;
      EXPECT_FALSE((*successor)->family.is_active());
      EXPECT_TRUE((*successor)->token.consumed_at);
    }
    EXPECT_EQ(recorded, 1U);
    EXPECT_EQ(successors, 1U);
    EXPECT_FALSE(is_live(session.access));
    killed.push_back(session.family.id);
  }
  reopen();
  for (const TimeOrderedId& id : killed) EXPECT_FALSE(families().get(id).value().is_active());
  AuditQuery about_families;
  about_families.action = "family.revoked";
  about_families.page.limit = static_cast<std::size_t>(rounds) + 1;
  EXPECT_EQ(audit().query(about_families).value().size(), static_cast<std::size_t>(rounds));
}

TEST_P(StorageConformance, NothingOfAFamilyIsLiveOnceItsRevocationReturned) {
  constexpr int kSessions = 4;
  const int rounds = testing::race_rounds(10);
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  for (int round = 0; round < rounds; ++round) {
    std::vector<Session> sessions;
    for (int i = 0; i < kSessions; ++i) sessions.push_back(stored_session("client-1", "user-1", &demo));
    const ConsentGrant grant = *consent_grants().find_active("user-1", "client-1", demo.id).value();
    std::atomic<int> recorded = 0, late = 0;
    std::atomic<bool> revoked = false;
    std::mutex mutex;
    std::vector<Issuance> tokens;
    race(kSessions + 1, [&](int i) {
      if (i == kSessions) {
        while (recorded < kSessions) std::this_thread::yield();
        if (round % 2 == 0) {
          EXPECT_TRUE(families().revoke_of_user("user-1", clock_.now()));
        } else {
          EXPECT_TRUE(consent_grants().revoke(grant.id, clock_.now()));
        }
        revoked = true;
        return;
      }
      Session& session = sessions[static_cast<std::size_t>(i)];
      // Bounded: a revocation takes the longer, the more was rotated meanwhile.
      for (int left = 100; left > 0; --left) {
        const bool was_revoked = revoked;
        const std::string successor = ids_.token(32);
        const NewIssuance rotation = make_rotation(session.family, session.refresh_token, successor);
        if (!issuances().append(rotation)) return;
        session.refresh_token = successor;
        late += was_revoked;
        ++recorded;
        const std::lock_guard lock(mutex);
        tokens.push_back(rotation.row);
      }
    });
    EXPECT_EQ(late, 0);
    for (const Issuance& token : tokens) EXPECT_FALSE(is_live(token));
    for (const Session& session : sessions) {
      EXPECT_FALSE(is_live(session.access));
      EXPECT_TRUE(failed_with(
          issuances().append(make_rotation(session.family, session.refresh_token, ids_.token(32))),
          DomainErrorCode::invalid_grant));
    }
  }
}

TEST_P(StorageConformance, NoTokenIsRecordedOnceDisablingTheUserReturned) {
  Session session = first_session();
  std::atomic<int> recorded = 0, late = 0;
  std::atomic<bool> disabled = false;
  race(2, [&](int i) {
    if (i == 0) {
      while (recorded < 10) std::this_thread::yield();
      EXPECT_TRUE(users().transition("user-1", UserStatus::disabled, clock_.now()));
      disabled = true;
      return;
    }
    while (true) {
      const bool was_disabled = disabled;
      const std::string successor = ids_.token(32);
      if (!issuances().append(make_rotation(session.family, session.refresh_token, successor))) return;
      session.refresh_token = successor;
      late += was_disabled;
      ++recorded;
    }
  });
  EXPECT_EQ(late, 0);
}

TEST_P(StorageConformance, OneOfManyDecisionsAboutARequestCounts) {
  constexpr int kThreads = 16;
  const int rounds = testing::race_rounds(10);
  const Resource demo = stored_resource("demo");
  stored_client("client-1");
  stored_user("user-1");
  for (int round = 0; round < rounds; ++round) {
    const Authorization pending = stored_authorization(make_authorization("client-1", "user-1", &demo));
    std::atomic<int> decided = 0, refused = 0;
    std::atomic<bool> denied = false;
    race(kThreads, [&](int i) {
      if (i == 0) {
        const auto answer = authorizations().deny(pending.id, "user-1", clock_.now());
        denied = answer.has_value();
        decided += answer.has_value();
        refused += failed_with(answer, DomainErrorCode::conflict);
        return;
      }
      const auto answer = authorizations().approve(make_approval(pending, ids_.token(32)));
      decided += answer.has_value();
      refused +=
          failed_with(answer, DomainErrorCode::conflict) || failed_with(answer, DomainErrorCode::not_found);
    });
    EXPECT_EQ(decided, 1);
    EXPECT_EQ(refused, kThreads - 1);
    EXPECT_EQ(authorizations().get(pending.id).has_value(), !denied);
  }
  EXPECT_LE(consent_grants().list({}, {}).value().size(), 1U);
}

TEST_P(StorageConformance, EveryRedemptionIsRecordedOrItsReplayLeavesNothing) {
  const int rounds = testing::race_rounds(20);
  stored_client("client-1");
  stored_user("user-1");
  for (int round = 0; round < rounds; ++round) {
    const NewIssuance start =
        make_start(redeemed_authorization("client-1", "user-1", nullptr), ids_.token(32));
    const std::string id = std::get<FamilyStart>(start.family).family.authorization_id;
    race(2, [&](int i) {
      if (i == 0) {
        const auto stored = issuances().append(start);
        EXPECT_TRUE(stored || failed_with(stored, DomainErrorCode::invalid_grant));
      } else {
        EXPECT_TRUE(authorizations().revoke_issued(id, clock_.now()));
      }
    });
    EXPECT_FALSE(is_live(start.row));
  }
}

}  // namespace authplane::authserver
