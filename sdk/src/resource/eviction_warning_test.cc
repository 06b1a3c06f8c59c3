#include "eviction_warning.h"
#include <authplane/testing/temp_folder.h>

#include "dpop_test_support.h"

namespace authplane {
namespace {

using resource_test::outcome;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class EvictionWarning : public resource_test::DpopTest {
 protected:
  std::shared_ptr<dpop::ReplayStore> watched(std::size_t max_entries) {
    return detail::warn_of_evictions(
        dpop::MemoryReplayStore::create({.max_entries = max_entries, .clock = clock}),
        {resource_test::kResource, clock, logger});
  }
  void spend(dpop::ReplayStore& store, int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(store.check_and_store("key-" + std::to_string(++last_), clock->now_seconds() + seconds(330))
                      .value());
    }
  }

 private:
  int last_ = 0;
};

TEST_F(EvictionWarning, NamesTheCauseTheRemedyAndTheResource) {
  const auto store = watched(2);
  spend(*store, 2);
  EXPECT_THAT(logger->lines(), SizeIs(0));
  spend(*store, 1);
  ASSERT_THAT(logger->lines(), SizeIs(1));
  for (const char* part : {"warn DPoP replay store is full", "evicted=1", "max_entries", "dpop.replay_store",
                           "max_proof_age", resource_test::kResource}) {
    EXPECT_THAT(logger->lines().front(), HasSubstr(part));
  }
}

TEST_F(EvictionWarning, ComesOnceAMinuteWithTheSumSinceTheLast) {
  const auto store = watched(2);
  spend(*store, 50);
  EXPECT_THAT(logger->lines(), SizeIs(1));
  clock->advance(seconds(59));
  spend(*store, 1);
  EXPECT_THAT(logger->lines(), SizeIs(1));
  clock->advance(seconds(1));
  spend(*store, 1);
  ASSERT_THAT(logger->lines(), SizeIs(2));
  EXPECT_THAT(logger->lines().back(), HasSubstr("evicted=49"));
}

TEST_F(EvictionWarning, NotForWhatExpired) {
  const auto store = watched(2);
  spend(*store, 2);
  clock->advance(seconds(331));
  spend(*store, 2);
  EXPECT_THAT(logger->lines(), SizeIs(0));
}

TEST_F(EvictionWarning, StoreAnswersAsBefore) {
  const auto store = watched(2);
  const auto expires_at = clock->now_seconds() + seconds(60);
  EXPECT_TRUE(store->check_and_store("key", expires_at).value());
  EXPECT_FALSE(store->check_and_store("key", expires_at).value());
}

// A file keeps the capacity it was created with.
TEST_F(EvictionWarning, ResourceWarnsOfItsOwnStore) {
  const authplane::testing::TempFolder folder;
  const std::string path = folder.file();
  ASSERT_TRUE(dpop::FileReplayStore::open({.path = path, .max_entries = 1, .clock = clock}));
  const Resource resource = make(with({.replay_file = path}));
  const std::string bound = bound_token();
  for (int i = 0; i < 70 && logger->lines().empty(); ++i)
    EXPECT_EQ(outcome(present(resource, bound, proof(bound).build())), "ok");
  ASSERT_THAT(logger->lines(), SizeIs(1));
  EXPECT_THAT(logger->lines().front(), HasSubstr("FileReplayStore"));
}

}  // namespace
}  // namespace authplane
