#include <atomic>
#include <barrier>
#include <set>
#include <thread>

#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {
namespace {

constexpr int kThreads = 8;

// Runs `work(index)` on all threads, started together.
template <class Work>
void race(Work work) {
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&start, &work, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

}  // namespace

TEST_P(StorageConformance, OneOfManyConcurrentInsertsOfASlugWins) {
  std::vector<Resource> candidates;
  for (int i = 0; i < kThreads; ++i) candidates.push_back(make_resource("demo", "https://demo.example"));
  std::atomic<int> won = 0, lost = 0;
  race([&](int i) {
    const auto outcome = resources().insert(candidates[static_cast<std::size_t>(i)]);
    won += outcome.has_value();
    lost += failed_with(outcome, DomainErrorCode::conflict);
  });
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kThreads - 1);
  EXPECT_EQ(resources().catalog().value()->size(), 1U);
}

TEST_P(StorageConformance, OneOfManyConcurrentUpdatesOfAVersionWins) {
  const Client client = stored_client("client-1");
  std::atomic<int> won = 0, lost = 0;
  race([&](int i) {
    Client changed = client;
    changed.name = "name-" + std::to_string(i);
    const auto outcome = clients().update(changed);
    won += outcome.has_value();
    lost += failed_with(outcome, DomainErrorCode::conflict);
  });
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kThreads - 1);
  EXPECT_EQ(clients().get("client-1").value()->version, 2);
}

TEST_P(StorageConformance, RetriedUpdatesLoseNoChange) {
  const Resource demo = stored_resource("demo");
  race([&](int i) {
    while (true) {
      Resource changed = *resources().catalog().value()->find_by_id(demo.id);
      changed.policy.runtime_client_ids.push_back("client-" + std::to_string(i));
      if (!failed_with(resources().update(changed), DomainErrorCode::conflict)) return;
    }
  });
  const auto stored = resources().catalog().value()->find_by_id(demo.id);
  EXPECT_EQ(stored->policy.runtime_client_ids.size(), demo.policy.runtime_client_ids.size() + kThreads);
  EXPECT_EQ(stored->version, 1 + kThreads);
}

TEST_P(StorageConformance, ConcurrentIssuancesAreAllThereOnceAnswered) {
  constexpr int kEach = 25;
  for (int i = 0; i < kThreads; ++i) stored_client("client-" + std::to_string(i));
  std::atomic<int> missing = 0;
  race([&](int i) {
    for (int n = 0; n < kEach; ++n) {
      const Issuance issuance = make_issuance("client-" + std::to_string(i));
      if (!issuances().append(issuance, make_event("client_credentials.issued")) ||
          !issuances().get(issuance.id)) {
        ++missing;
      }
    }
  });
  EXPECT_EQ(missing, 0);
  std::set<TimeOrderedId> all;
  for (int i = 0; i < kThreads; ++i) {
    const auto rows = issuances().query({{}, "client-" + std::to_string(i), {}}).value();
    EXPECT_EQ(rows.size(), static_cast<std::size_t>(kEach));
    for (const Issuance& row : rows) all.insert(row.id);
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads * kEach));
  AuditQuery everything;
  everything.page.limit = 10'000;
  EXPECT_EQ(audit().query(everything).value().size(), all.size());
}

TEST_P(StorageConformance, NoTokenIsRecordedOnceRemovingTheClientReturned) {
  stored_client("client-1");
  std::atomic<bool> removed = false;
  std::atomic<int> late = 0, recorded = 0;
  race([&](int i) {
    if (i == 0) {
      while (recorded < 20) std::this_thread::yield();
      EXPECT_TRUE(clients().remove("client-1", RemoveClient::revoke_tokens, clock_.now()));
      removed = true;
      return;
    }
    while (true) {
      const bool was_removed = removed;
      if (!issuances().append(make_issuance("client-1"), make_event("a"))) return;
      late += was_removed;
      ++recorded;
    }
  });
  EXPECT_EQ(late, 0);
  const auto rows = issuances().query({{}, "client-1", {}, {}, 1'000'000}).value();
  EXPECT_EQ(rows.size(), static_cast<std::size_t>(recorded));
  for (const Issuance& row : rows) EXPECT_TRUE(row.revoked_at);
}

TEST_P(StorageConformance, EveryTokenIsEitherRecordedOrItsResourceIsGone) {
  stored_client("client-1");
  const Resource demo = stored_resource("demo");
  std::atomic<int> recorded = 0;
  std::atomic<bool> removed = false;
  race([&](int i) {
    if (i == 0) {
      removed = resources().remove(demo.id, RemoveResource::unless_linked, clock_.now()).has_value();
      return;
    }
    for (int n = 0; n < 20; ++n) {
      Issuance issuance = make_issuance("client-1");
      issuance.resource_id = demo.id;
      recorded += issuances().append(issuance, make_event("a")).has_value();
    }
  });
  if (removed) {
    EXPECT_EQ(recorded, 0);
  } else {
    EXPECT_EQ(recorded, (kThreads - 1) * 20);
  }
}

TEST_P(StorageConformance, CatalogReadNeverGoesBackToAnOlderVersion) {
  Resource resource = stored_resource("demo");
  std::atomic<bool> done = false;
  std::atomic<int> went_back = 0;
  race([&](int i) {
    if (i == 0) {
      for (int n = 0; n < 50; ++n) resource = resources().update(resource).value();
      done = true;
      return;
    }
    std::int64_t last = 0;
    while (!done) {
      const std::int64_t version = resources().catalog().value()->find_by_slug("demo")->version;
      went_back += version < last;
      last = version;
    }
  });
  EXPECT_EQ(went_back, 0);
  EXPECT_EQ(resources().catalog().value()->find_by_slug("demo")->version, 51);
}

TEST_P(StorageConformance, ClientReadNeverGoesBackToAnOlderVersion) {
  Client client = stored_client("client-1");
  std::atomic<bool> done = false;
  std::atomic<int> went_back = 0;
  race([&](int i) {
    if (i == 0) {
      for (int n = 0; n < 50; ++n) client = clients().update(client).value();
      done = true;
      return;
    }
    std::int64_t last = 0;
    while (!done) {
      const std::int64_t version = clients().get("client-1").value()->version;
      went_back += version < last;
      last = version;
    }
  });
  EXPECT_EQ(went_back, 0);
  EXPECT_EQ(clients().get("client-1").value()->version, 51);
}

}  // namespace authplane::authserver
