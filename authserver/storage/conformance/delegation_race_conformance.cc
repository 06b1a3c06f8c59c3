#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include <authplane/testing/race.h>

#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using testing::race;
using testing::race_rounds;

namespace {

// What racing threads got recorded, and how many of it began after the end was announced.
class Recorded {
 public:
  void add(const Issuance& row, bool was_over) {
    late_ += was_over;
    ++count_;
    const std::lock_guard lock(mutex_);
    rows_.push_back(row);
  }
  int count() const { return count_; }
  int late() const { return late_; }
  const std::vector<Issuance>& rows() const { return rows_; }  // once the race is over

 private:
  std::atomic<int> count_ = 0, late_ = 0;
  std::mutex mutex_;
  std::vector<Issuance> rows_;
};

constexpr int kExchangers = 4;

}  // namespace

// T26: while threads exchange and exchange again what they got, one ends what all of it rests on.
TEST_P(StorageConformance, NothingOfALineageSurvivesTheRevocationItRaces) {
  const int rounds = race_rounds(6);
  const Resource front = stored_resource("front"), target = stored_resource("target");
  first_session(&front);
  for (const char* client : {"gateway", "agent"}) stored_client(client);
  for (int round = 0; round < rounds; ++round) {
    stored_session("client-1", "user-1", &target);
    const Session session = stored_session("client-1", "user-1", &front);
    const ConsentGrant of_root = *consent_grants().find_active("user-1", "client-1", front.id).value();
    const ConsentGrant of_target = *consent_grants().find_active("user-1", "client-1", target.id).value();
    std::atomic<bool> over = false;
    Recorded recorded;
    race(kExchangers + 1, [&](int i) {
      if (i == kExchangers) {
        while (recorded.count() < kExchangers) std::this_thread::yield();
        const std::function<bool()> ends[] = {
            [&] { return consent_grants().revoke(of_root.id, clock_.now()).has_value(); },
            [&] { return consent_grants().revoke(of_target.id, clock_.now()).has_value(); },
            [&] { return issuances().revoke(session.access.id, clock_.now()).has_value(); }};
        EXPECT_TRUE(ends[round % 3]());
        over = true;
        return;
      }
      Issuance parent = session.access;
      // Bounded: a revocation takes the longer, the more there is to revoke.
      for (int depth = 0; depth < 60; ++depth) {
        const bool was_over = over;
        // Every thread has lineages of all depths; the first step of each rests on both consents.
        if (depth % (2 + i) == 0) parent = session.access;
        const bool at_root = parent.id == session.access.id;
        const NewIssuance exchange = make_exchange(parent, depth % 2 == 0 ? "gateway" : "agent", &target,
                                                   at_root ? &of_target : nullptr);
        const auto stored = issuances().append(exchange);
        if (!stored) {
          EXPECT_TRUE(failed_with(stored, DomainErrorCode::invalid_grant) ||
                      failed_with(stored, DomainErrorCode::consent_required));
          return;
        }
        recorded.add(exchange.row, was_over);
        parent = exchange.row;
      }
    });
    EXPECT_EQ(recorded.late(), 0);
    for (const Issuance& row : recorded.rows()) EXPECT_FALSE(is_live(row)) << "round " << round;
    EXPECT_FALSE(issuances().append(make_exchange(session.access, "agent", &target, &of_target)));
  }
}

// T29
TEST_P(StorageConformance, NothingIsExchangedForAUserOnceDisablingReturned) {
  const int rounds = race_rounds(6);
  const Session session = first_session();
  stored_client("gateway");
  for (int round = 0; round < rounds; ++round) {
    std::atomic<bool> over = false;
    Recorded recorded;
    race(kExchangers + 1, [&](int i) {
      if (i == kExchangers) {
        while (recorded.count() < kExchangers) std::this_thread::yield();
        EXPECT_TRUE(users().transition("user-1", UserStatus::disabled, clock_.now()));
        over = true;
        return;
      }
      Issuance parent = session.access;
      while (true) {
        const bool was_over = over;
        const NewIssuance exchange = make_exchange(parent, "gateway", nullptr, nullptr);
        if (!issuances().append(exchange)) return;
        recorded.add(exchange.row, was_over);
        parent = exchange.row;
      }
    });
    EXPECT_EQ(recorded.late(), 0);
    ASSERT_TRUE(users().transition("user-1", UserStatus::active, clock_.now()));
  }
}

TEST_P(StorageConformance, NothingOfAClientsLineageSurvivesTheRevocationItRaces) {
  const int rounds = race_rounds(4);
  stored_client("gateway");
  for (int round = 0; round < rounds; ++round) {
    const std::string client = "client-of-" + std::to_string(round);
    stored_client(client);
    const Issuance root = stored_issuance(make_issuance(client));
    Recorded recorded;
    race(kExchangers + 1, [&](int i) {
      if (i == kExchangers) {
        while (recorded.count() < kExchangers) std::this_thread::yield();
        EXPECT_TRUE(clients().transition(client, ClientStatus::revoked, clock_.now()));
        return;
      }
      Issuance parent = root;
      for (int depth = 0; depth < 60; ++depth) {
        const NewIssuance exchange = make_exchange(parent, "gateway", nullptr, nullptr);
        if (!issuances().append(exchange)) return;
        recorded.add(exchange.row, false);
        parent = exchange.row;
      }
    });
    for (const Issuance& row : recorded.rows()) EXPECT_FALSE(is_live(row)) << "round " << round;
  }
}

TEST_P(StorageConformance, OneOfManyRotationsOfACredentialWins) {
  constexpr int kThreads = 8;
  const int rounds = race_rounds(10);
  stored_user("user-1");
  const BrokerProvider provider = stored_provider("github");
  BrokerGrant grant = stored_broker_grant("user-1", provider.id);
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> won = 0, lost = 0, winner = -1;
    race(kThreads, [&](int i) {
      const auto replaced = broker_grants().replace_credential(
          grant.id, grant.version, "credential-" + std::to_string(i), "aes_master", clock_.now());
      if (replaced) winner = i;
      won += replaced.has_value();
      lost += failed_with(replaced, DomainErrorCode::conflict);
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, kThreads - 1);
    const BrokerGrant after = broker_grants().get(grant.id).value();
    EXPECT_EQ(after.credential, "credential-" + std::to_string(winner));
    EXPECT_EQ(after.version, grant.version + 1);
    grant = after;
  }
}

// A credential that was rotated while the account was disconnected must not come back.
TEST_P(StorageConformance, RevokedAccountHasNoCredentialWhateverRacesIt) {
  const int rounds = race_rounds(10);
  stored_user("user-1");
  const BrokerProvider provider = stored_provider("github");
  for (int round = 0; round < rounds; ++round) {
    const BrokerGrant grant = stored_broker_grant("user-1", provider.id);
    race(3, [&](int i) {
      if (i == 0) {
        EXPECT_TRUE(broker_grants().revoke(grant.id, clock_.now()));
      } else {
        const auto rotated = broker_grants().replace_credential(grant.id, grant.version, "rotated",
                                                                "aes_master", clock_.now());
        EXPECT_TRUE(rotated || failed_with(rotated, DomainErrorCode::conflict));
      }
    });
    EXPECT_EQ(broker_grants().get(grant.id).value().credential, "");
    EXPECT_EQ(broker_grants().find_active("user-1", provider.id).value(), std::nullopt);
  }
}

TEST_P(StorageConformance, AccountsConnectedAtOnceAreOneRow) {
  constexpr int kThreads = 8;
  const int rounds = race_rounds(10);
  const BrokerProvider provider = stored_provider("github");
  for (int round = 0; round < rounds; ++round) {
    const std::string user = "user-" + std::to_string(round);
    stored_user(user);
    race(kThreads, [&](int) { EXPECT_TRUE(broker_grants().connect(make_broker_grant(user, provider.id))); });
    const auto rows = broker_grants().list_of_user(user).value();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].version, kThreads);
  }
}

// T13
TEST_P(StorageConformance, OneOfManyTakesAPendingConnect) {
  constexpr int kThreads = 8;
  const int rounds = race_rounds(10);
  for (int round = 0; round < rounds; ++round) {
    const PendingConnect pending = make_pending("user-1", "provider-1");
    ASSERT_TRUE(broker_grants().begin(pending));
    std::atomic<int> taken = 0;
    race(kThreads, [&](int) {
      const auto got = broker_grants().finish(pending.id, clock_.now()).value();
      taken += got == pending;
    });
    EXPECT_EQ(taken, 1);
  }
}

// T28
TEST_P(StorageConformance, OneOfManySpendsAnAssertion) {
  constexpr int kThreads = 16;
  const int rounds = race_rounds(10);
  for (int round = 0; round < rounds; ++round) {
    const Sha256Digest key = hash_of("assertion-" + std::to_string(round));
    std::atomic<int> first = 0, others = 0;
    race(kThreads, [&](int) {
      const auto spent = xaa().spend_assertion(key, clock_.now() + std::chrono::minutes(5));
      first += spent.value();
      others += !spent.value();
    });
    EXPECT_EQ(first, 1);
    EXPECT_EQ(others, kThreads - 1);
  }
}

// Links that would close a cycle together: some are refused, whichever come late.
TEST_P(StorageConformance, LinksInsertedAtOnceFormNoCycle) {
  constexpr int kThreads = 4;
  const int rounds = race_rounds(10);
  std::vector<Resource> ring;
  for (int i = 0; i < kThreads; ++i) ring.push_back(stored_resource("r" + std::to_string(i)));
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> inserted = 0, refused = 0;
    race(kThreads, [&](int i) {
      const auto at = static_cast<std::size_t>(i);
      const auto outcome = fronting_links().insert(make_link(ring[at], ring[(at + 1) % kThreads]), false);
      inserted += outcome.has_value();
      refused += failed_with(outcome, DomainErrorCode::invalid_request);
    });
    EXPECT_EQ(inserted, kThreads - 1);
    EXPECT_EQ(refused, 1);
    const auto links = fronting_links().list({}, {}).value();
    for (const FrontingLink& link : links) {
      ASSERT_TRUE(fronting_links().remove(link.source_slug, link.target_slug));
    }
  }
}

TEST_P(StorageConformance, LinkIsInsertedOrItsResourceIsGone) {
  const int rounds = race_rounds(10);
  const Resource gateway = stored_resource("gateway");
  for (int round = 0; round < rounds; ++round) {
    const Resource backend = stored_resource("backend");
    std::atomic<bool> linked = false, removed = false;
    race(2, [&](int i) {
      if (i == 0) {
        linked = fronting_links().insert(make_link(gateway, backend), false).has_value();
      } else {
        removed = resources().remove(backend.id, RemoveResource::unless_linked, clock_.now()).has_value();
      }
    });
    EXPECT_NE(linked, removed);
    if (linked) {
      ASSERT_TRUE(resources().remove(backend.id, RemoveResource::with_links, clock_.now()));
    }
    EXPECT_EQ(fronting_links().find("gateway", "backend").value(), std::nullopt);
  }
}

TEST_P(StorageConformance, FrontingLinkReadNeverGoesBackToAnOlderMap) {
  constexpr int kReaders = 7;
  const Resource gateway = stored_resource("gateway");
  Resource backend = make_resource("backend", "");
  backend.scopes.clear();
  for (int n = 0; n <= 50; ++n) backend.scopes.push_back({"s" + std::to_string(n), "", ""});
  ASSERT_TRUE(resources().insert(backend));
  FrontingLink link = make_link(gateway, backend);
  link.scope_map = {{"mcp:echo", {"s0"}}};
  ASSERT_TRUE(fronting_links().insert(link, false));
  std::atomic<bool> done = false;
  std::atomic<int> went_back = 0;
  const auto number = [&] {
    return std::stoi(
        fronting_links().find("gateway", "backend").value()->scope_map.at("mcp:echo")[0].substr(1));
  };
  race(kReaders + 1, [&](int i) {
    if (i == kReaders) {
      for (int n = 1; n <= 50; ++n) {
        EXPECT_TRUE(fronting_links().update("gateway", "backend", {{"mcp:echo", {"s" + std::to_string(n)}}}));
        EXPECT_EQ(number(), n);
      }
      done = true;
      return;
    }
    int last = 0;
    while (!done) {
      const int now = number();
      went_back += now < last;
      last = now;
    }
  });
  EXPECT_EQ(went_back, 0);
}

}  // namespace authplane::authserver
