#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

TEST_P(StorageConformance, ExchangeIsRecordedWhileItsBasisHolds) {
  const Resource demo = stored_resource("demo");
  const Session session = first_session(&demo);
  stored_client("gateway");
  const ConsentGrant consent = *consent_grants().find_active("user-1", "client-1", demo.id).value();
  const NewIssuance exchange = make_exchange(session.access, "gateway", &demo, &consent);
  ASSERT_TRUE(issuances().append(exchange));
  EXPECT_EQ(issuances().get(exchange.row.id).value(), exchange.row);
  EXPECT_TRUE(issuances().append(make_exchange(exchange.row, "gateway", nullptr, nullptr)));
}

TEST_P(StorageConformance, ExchangeOfATokenThatIsNotLiveIsRefusedAndLeavesNothing) {
  const Session session = first_session();
  Issuance stranger = make_issuance("client-1");  // never recorded
  stranger.subject_user_id = "user-1";
  Issuance broker = make_exchanged(session.access, "client-1", nullptr);
  broker.backend_kind = BackendKind::broker;
  broker.revocable = false;
  stored_issuance(broker);
  const Issuance revoked = stored_issuance(make_exchanged(session.access, "client-1", nullptr));
  ASSERT_TRUE(issuances().revoke(revoked.id, clock_.now()));
  Issuance expired = make_exchanged(session.access, "client-1", nullptr);
  expired.expires_at = now_seconds();
  stored_issuance(expired);
  const std::size_t events = audit().query({}).value().size();
  const SpentProof proof = SpentProof::of("key.jti", now_seconds(), std::chrono::seconds(60));
  for (const Issuance& parent : {stranger, broker, revoked, expired}) {
    NewIssuance exchange = make_exchange(parent, "client-1", nullptr, nullptr);
    exchange.proof = proof;
    EXPECT_TRUE(failed_with(issuances().append(exchange), DomainErrorCode::invalid_grant));
    EXPECT_TRUE(failed_with(issuances().get(exchange.row.id), DomainErrorCode::not_found));
  }
  NewIssuance orphan = make_exchange(session.access, "client-1", nullptr, nullptr);
  orphan.row.parent_jti.reset();
  EXPECT_TRUE(failed_with(issuances().append(orphan), DomainErrorCode::invalid_grant));
  EXPECT_EQ(audit().query({}).value().size(), events);

  NewIssuance exchange = make_exchange(session.access, "client-1", nullptr, nullptr);
  exchange.proof = proof;
  EXPECT_TRUE(issuances().append(exchange));
}

TEST_P(StorageConformance, ExchangeForAUserWhoIsDisabledIsRefused) {
  const Session session = first_session();
  ASSERT_TRUE(users().transition("user-1", UserStatus::disabled, clock_.now()));
  EXPECT_TRUE(failed_with(issuances().append(make_exchange(session.access, "client-1", nullptr, nullptr)),
                          DomainErrorCode::invalid_grant));
  ASSERT_TRUE(users().transition("user-1", UserStatus::active, clock_.now()));
  EXPECT_TRUE(issuances().append(make_exchange(session.access, "client-1", nullptr, nullptr)));
  const Issuance machine = stored_issuance(make_issuance("client-1"));
  ASSERT_TRUE(users().remove("user-1", RemoveUser::revoke_tokens, clock_.now()));
  EXPECT_TRUE(failed_with(issuances().append(make_exchange(session.access, "client-1", nullptr, nullptr)),
                          DomainErrorCode::invalid_grant));
  EXPECT_TRUE(issuances().append(make_exchange(machine, "client-1", nullptr, nullptr)));
}

TEST_P(StorageConformance, ExchangeUnderAConsentThatDoesNotCoverItIsRefused) {
  const Resource demo = stored_resource("demo");
  const Session session = first_session(&demo);
  stored_client("gateway");
  stored_user("user-2");
  stored_session("client-1", "user-2", &demo);
  const ConsentGrant consent = *consent_grants().find_active("user-1", "client-1", demo.id).value();
  const ConsentGrant of_another = *consent_grants().find_active("user-2", "client-1", demo.id).value();
  const auto refused = [&](const std::function<void(NewIssuance&)>& change) {
    NewIssuance exchange = make_exchange(session.access, "gateway", &demo, &consent);
    change(exchange);
    return failed_with(issuances().append(exchange), DomainErrorCode::consent_required);
  };
  EXPECT_TRUE(refused([](NewIssuance& exchange) { exchange.exchange->consent_grant_id = "x"; }));
  EXPECT_TRUE(refused([&](NewIssuance& exchange) { exchange.exchange->consent_grant_id = of_another.id; }));
  EXPECT_TRUE(refused([](NewIssuance& exchange) { exchange.exchange->consented_scopes = {}; }));
  EXPECT_TRUE(refused([](NewIssuance& exchange) {
    exchange.exchange->consented_scopes = ScopeSet::split("mcp:echo mcp:other");
  }));

  Approval narrowed =
      make_approval(stored_authorization(make_authorization("client-1", "user-1", &demo)), "narrowed");
  narrowed.scopes = ScopeSet::split("mcp:echo");
  ASSERT_TRUE(authorizations().approve(narrowed));
  EXPECT_TRUE(refused([](NewIssuance&) {}));
  NewIssuance covered = make_exchange(session.access, "gateway", &demo, &consent);
  covered.exchange->consented_scopes = narrowed.scopes;
  EXPECT_TRUE(issuances().append(covered));
  ASSERT_TRUE(consent_grants().revoke(consent.id, clock_.now()));
  covered.row.id = ids_.next();
  covered.audit.id = ids_.next();
  // The parent was issued under the same consent.
  EXPECT_TRUE(failed_with(issuances().append(covered), DomainErrorCode::invalid_grant));
}

// The consent of the target is not the one the parent was issued under.
TEST_P(StorageConformance, RevokedConsentEndsWhatOthersWereGivenUnderIt) {
  const Resource front = stored_resource("front"), target = stored_resource("target");
  const Session session = first_session(&front);
  stored_session("client-1", "user-1", &target);
  stored_client("gateway");
  stored_client("agent");
  const ConsentGrant consent = *consent_grants().find_active("user-1", "client-1", target.id).value();
  const NewIssuance exchange = make_exchange(session.access, "gateway", &target, &consent);
  ASSERT_TRUE(issuances().append(exchange));
  const Issuance below = stored_issuance(make_exchanged(exchange.row, "agent", &front));
  const Issuance beside = stored_issuance(make_exchanged(session.access, "gateway", &target));

  ASSERT_TRUE(consent_grants().revoke(consent.id, clock_.now()));
  EXPECT_FALSE(is_live(exchange.row));
  EXPECT_FALSE(is_live(below));
  EXPECT_TRUE(is_live(beside));  // rests on a link, not on the consent
  EXPECT_TRUE(is_live(session.access));
  EXPECT_TRUE(failed_with(issuances().append(make_exchange(session.access, "gateway", &target, &consent)),
                          DomainErrorCode::consent_required));
}

// Lineages of depth six, whose ends hold rows that are not ours to revoke.
TEST_P(StorageConformance, RevocationReachesDescendantsOfAnyDepthBesideBrokerRows) {
  const Resource demo = stored_resource("demo"), other = stored_resource("other");
  Session session = first_session(&demo);
  for (const char* client : {"gateway", "agent"}) stored_client(client);
  const auto lineage_of = [&](const Issuance& root) {
    std::vector<Issuance> out{root};
    for (int depth = 1; depth <= 6; ++depth) {
      Issuance row = make_exchanged(out.back(), depth % 2 == 0 ? "gateway" : "agent", &other);
      row.expires_at = row.issued_at + std::chrono::hours(24);
      out.push_back(stored_issuance(row));
      Issuance vended = make_exchanged(row, "gateway", &other);
      vended.backend_kind = BackendKind::broker;
      vended.revocable = false;
      stored_issuance(vended);
    }
    return out;
  };
  const auto all_dead = [&](const std::vector<Issuance>& rows) {
    reopen();
    for (const Issuance& row : rows) {
      if (is_live(row)) return false;
    }
    return true;
  };
  const auto broker_rows_are_untouched = [&] {
    const auto rows = issuances().query({{}, "gateway", {}, {}, 1'000}).value();
    for (const Issuance& row : rows) {
      if (row.backend_kind == BackendKind::broker && row.revoked_at) return false;
    }
    return true;
  };

  std::vector<Issuance> lineage = lineage_of(session.access);
  EXPECT_EQ(issuances().revoke(lineage[2].id, clock_.now()).value().descendants, 4U);
  EXPECT_TRUE(is_live(lineage[1]));
  lineage.erase(lineage.begin(), lineage.begin() + 2);
  EXPECT_TRUE(all_dead(lineage));

  lineage = lineage_of(session.access);
  const ConsentGrant consent = *consent_grants().find_active("user-1", "client-1", demo.id).value();
  ASSERT_TRUE(consent_grants().revoke(consent.id, clock_.now()));
  EXPECT_TRUE(all_dead(lineage));

  session = stored_session("client-1", "user-1", &demo);
  lineage = lineage_of(session.access);
  clock_.advance(std::chrono::hours(2));  // the root has expired, what came of it has not
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::revoked, clock_.now()));
  EXPECT_TRUE(all_dead(lineage));
  EXPECT_TRUE(broker_rows_are_untouched());
}

TEST_P(StorageConformance, RevokedClientLeavesWhatOthersHoldFromElsewhere) {
  for (const char* client : {"client-1", "gateway", "agent"}) stored_client(client);
  const Issuance root = stored_issuance(make_issuance("agent"));
  const Issuance middle = stored_issuance(make_exchanged(root, "client-1", nullptr));
  const Issuance below = stored_issuance(make_exchanged(middle, "gateway", nullptr));
  const Issuance beside = stored_issuance(make_exchanged(root, "gateway", nullptr));
  ASSERT_TRUE(clients().transition("client-1", ClientStatus::suspended, clock_.now()));
  EXPECT_TRUE(is_live(below));
  ASSERT_TRUE(clients().remove("client-1", RemoveClient::revoke_tokens, clock_.now()));
  EXPECT_FALSE(is_live(middle));
  EXPECT_FALSE(is_live(below));
  EXPECT_TRUE(is_live(root));
  EXPECT_TRUE(is_live(beside));
}

TEST_P(StorageConformance, CodeKeepsTheKeyItIsBoundTo) {
  stored_client("client-1");
  stored_user("user-1");
  Authorization request = make_authorization("client-1", "user-1", nullptr);
  request.dpop_jkt = "thumbprint";
  stored_authorization(request);
  reopen();
  EXPECT_EQ(authorizations().get(request.id).value(), request);
  EXPECT_EQ(authorizations().approve(make_approval(request, "code")).value().dpop_jkt, "thumbprint");
  EXPECT_EQ(authorizations().consume_code(hash_of("code"), clock_.now()).value()->authorization.dpop_jkt,
            "thumbprint");
}

}  // namespace authplane::authserver
