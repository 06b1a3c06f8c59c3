#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/client_secret.h"
#include "authserver/domain/json_writer.h"
#include "authserver/domain/system_service.h"

namespace authplane::authserver {
namespace {

TEST(ClientSecret, MatchesOnlyTheSecretItWasMadeFrom) {
  const SecretString pepper("pepper"), other_pepper("Pepper");
  const std::string stored = hash_client_secret(pepper, "secret");
  EXPECT_TRUE(client_secret_matches(pepper, "secret", stored));
  EXPECT_FALSE(client_secret_matches(pepper, "secreT", stored));
  EXPECT_FALSE(client_secret_matches(pepper, "", stored));
  EXPECT_FALSE(client_secret_matches(other_pepper, "secret", stored));
  EXPECT_FALSE(client_secret_matches(pepper, "secret", ""));
  EXPECT_FALSE(client_secret_matches(pepper, "secret", "secret"));
  EXPECT_FALSE(client_secret_matches(pepper, "secret", stored.substr(0, stored.size() - 1)));
  EXPECT_FALSE(client_secret_matches(pepper, "secret", stored + "x"));
  EXPECT_EQ(stored, "hmac-sha256$gE5thUc5Fi_eoNRVs6r-Z_QNKRlAYYaie-YBWWrG0wY");
}

TEST(JsonWriter, EscapesWhatJsonMustNotHold) {
  std::string out;
  JsonObjectWriter(out)
      .string("a\"b", "\\ \" \n \r \t \x01 \x1f \x7f \u00e9")
      .integer("n", -9'223'372'036'854'775'807)
      .boolean("t", true)
      .raw("list", "[1]")
      .finish();
  EXPECT_EQ(out,
            "{\"a\\\"b\":\"\\\\ \\\" \\n \\r \\t \\u0001 \\u001f \\u007f \u00e9\",\"n\":-9223372036854775807,"
            "\"t\":true,\"list\":[1]}");
  std::string empty;
  JsonObjectWriter(empty).finish();
  EXPECT_EQ(empty, "{}");
}

TEST(AuditDetail, ValueCannotPoseAsAnotherKey) {
  EXPECT_EQ(audit_detail({{"id", "x"}, {"slug", "demo-1"}}), "id=x slug=demo-1");
  EXPECT_EQ(audit_detail({{"name", "a reason=ok"}}), "name=\"a reason=ok\"");
  EXPECT_EQ(audit_detail({{"name", "a\" reason=\"ok"}}), "name=\"a\\\" reason=\\\"ok\"");
  EXPECT_EQ(audit_detail({{"name", ""}}), "name=\"\"");
  EXPECT_EQ(audit_detail({{"name", "line\nbreak\x1b"}}), "name=\"line break \"");
}

// Writes nothing.
class FullAuditStore final : public AuditStore {
 public:
  Outcome<void> append(const AuditEvent&) override {
    return fail(DomainErrorCode::unavailable, "full", "disk full");
  }
  bool post(AuditEvent) override { return false; }
  Outcome<std::vector<AuditEvent>> query(const AuditQuery&) override { return std::vector<AuditEvent>(); }
};

class DropCounter final : public Metrics {
 public:
  Counter& counter(std::string_view name, Labels labels) override {
    last = std::string(name) + " " + std::string(labels.begin()->second);
    return null_.counter(name, labels);
  }
  Histogram& histogram(std::string_view name, Labels labels) override {
    return null_.histogram(name, labels);
  }
  std::string last;

 private:
  NullMetrics null_;
};

TEST(AuditService, RowThatCannotBeWrittenGoesToTheLogAndIsCounted) {
  testing::FakeClock clock;
  testing::SeededRandom random;
  testing::RecordingLogger logger;
  DropCounter metrics;
  IdGenerator ids(clock, random);
  FullAuditStore store;
  AuditService audit(store, ids, clock, logger, metrics);

  audit.record("client.updated", {.id = "admin", .ip = "192.0.2.1"}, "c1", "k=v");
  EXPECT_TRUE(logger.contains("client.updated"));
  EXPECT_TRUE(logger.contains("c1"));
  EXPECT_TRUE(logger.contains("192.0.2.1"));
  EXPECT_TRUE(logger.contains("disk full"));
  EXPECT_EQ(metrics.last, "authserver_audit_events_dropped_total client.updated");
  audit.post("client_credentials.denied", {.id = "c2", .ip = ""}, "c2", "");
  EXPECT_TRUE(logger.contains("client_credentials.denied"));
  EXPECT_EQ(metrics.last, "authserver_audit_events_dropped_total client_credentials.denied");
}

TEST(Uptime, LeavesOutLeadingZeroUnits) {
  using std::chrono::seconds;
  EXPECT_EQ(format_uptime(seconds(0)), "0s");
  EXPECT_EQ(format_uptime(seconds(59)), "59s");
  EXPECT_EQ(format_uptime(seconds(60)), "1m 0s");
  EXPECT_EQ(format_uptime(seconds(3600)), "1h 0m 0s");
  EXPECT_EQ(format_uptime(seconds(86400 + 2 * 3600 + 3 * 60 + 4)), "1d 2h 3m 4s");
}

}  // namespace
}  // namespace authplane::authserver
