#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StorageConformance, AuditEventsComeBackNewestFirst) {
  const AuditEvent first = make_event("client.created_admin");
  clock_.advance(std::chrono::seconds(1));
  AuditEvent second = make_event("resource.created");
  second.actor_id = second.client_id = second.ip = second.detail = second.trace_id = "";
  ASSERT_TRUE(audit().append(first));
  ASSERT_TRUE(audit().append(second));
  EXPECT_THAT(audit().query({}).value(), ElementsAre(second, first));
}

TEST_P(StorageConformance, PostedEventsAreStoredBeforeALaterAppendReturns) {
  const AuditEvent posted = make_event("token.issue_denied");
  EXPECT_TRUE(audit().post(posted));
  const AuditEvent appended = make_event("x");
  ASSERT_TRUE(audit().append(appended));
  EXPECT_THAT(audit().query({}).value(), ElementsAre(appended, posted));
}

TEST_P(StorageConformance, AuditQueryFiltersByActionActorClientAndTime) {
  std::vector<AuditEvent> events;
  for (int i = 0; i < 6; ++i) {
    AuditEvent event = make_event(i % 2 == 0 ? "even" : "odd");
    event.actor_id = i < 3 ? "admin" : "system";
    event.client_id = i == 4 ? "client-4" : "";
    ASSERT_TRUE(audit().append(event));
    events.push_back(event);
    clock_.advance(std::chrono::seconds(10));
  }
  const auto query = [&](AuditQuery q) { return audit().query(q).value(); };
  AuditQuery q;
  q.action = "even";
  EXPECT_THAT(query(q), ElementsAre(events[4], events[2], events[0]));
  q.actor_id = "admin";
  EXPECT_THAT(query(q), ElementsAre(events[2], events[0]));
  q = {};
  q.client_id = "client-4";
  EXPECT_THAT(query(q), ElementsAre(events[4]));
  q.client_id = "nobody";
  EXPECT_THAT(query(q), IsEmpty());
  q = {};
  q.since = events[2].created_at;
  q.until = events[4].created_at;
  EXPECT_THAT(query(q), ElementsAre(events[3], events[2]));
  q = {};
  q.page = {2, 1};
  EXPECT_THAT(query(q), ElementsAre(events[4], events[3]));
}

}  // namespace authplane::authserver
