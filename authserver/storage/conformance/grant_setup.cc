#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

User StorageConformance::make_user(std::string id) {
  User user;
  user.id = std::move(id);
  user.email = user.id + "@example.com";
  user.name = "Somebody \xC3\xA4";
  user.password_hash = "hash-of-" + user.id;
  user.created_at = user.updated_at = clock_.now();
  return user;
}

Authorization StorageConformance::make_authorization(std::string client_id, std::string user_id,
                                                     const Resource* resource) {
  Authorization out;
  out.id = ids_.opaque();
  out.client_id = std::move(client_id);
  out.user_id = std::move(user_id);
  out.redirect_uri = "http://127.0.0.1:4711/cb?x=1";
  out.scopes = ScopeSet::split("mcp:echo mcp:add");
  if (resource != nullptr) {
    out.resource_id = resource->id;
    out.resource_uri = resource->uri;
  }
  out.state = "state \"of\" the client";
  out.code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  out.created_at = clock_.now();
  out.expires_at = clock_.now() + std::chrono::minutes(10);
  return out;
}

Approval StorageConformance::make_approval(const Authorization& authorization, std::string_view code) {
  return {.authorization_id = authorization.id,
          .user_id = authorization.user_id,
          .scopes = authorization.scopes,
          .code_hash = hash_of(code),
          .basis = ConsentBasis::given_now,
          .consent_grant_id = ids_.opaque(),
          .audit = {},
          .now = clock_.now()};
}

NewIssuance StorageConformance::make_start(const Authorization& authorization,
                                           std::string_view refresh_token) {
  Issuance row = make_issuance(authorization.client_id);
  row.grant = GrantKind::authorization_code;
  row.subject_user_id = authorization.user_id;
  row.resource_id = authorization.resource_id;
  row.scopes = authorization.scopes;
  FamilyStart start{.family = {.id = ids_.next(),
                               .client_id = authorization.client_id,
                               .user_id = authorization.user_id,
                               .scopes = authorization.scopes,
                               .resource_id = authorization.resource_id,
                               .resource_uri = authorization.resource_uri,
                               .authorization_id = authorization.id,
                               .dpop_jkt = {},
                               .created_at = clock_.now(),
                               .revoked_at = {}},
                    .refresh = {}};
  if (!refresh_token.empty()) {
    start.refresh = {.hash = hash_of(refresh_token), .expires_at = clock_.now() + std::chrono::hours(168)};
  }
  return {std::move(row), make_event("token.issued"), {}, std::move(start)};
}

NewIssuance StorageConformance::make_rotation(const TokenFamily& family, std::string_view presented,
                                              std::string_view successor) {
  Issuance row = make_issuance(family.client_id);
  row.grant = GrantKind::refresh_token;
  row.subject_user_id = family.user_id;
  row.resource_id = family.resource_id;
  row.scopes = family.scopes;
  return {std::move(row),
          make_event("token.refreshed"),
          {},
          Rotation{
              .presented = hash_of(presented),
              .successor = {.hash = hash_of(successor), .expires_at = clock_.now() + std::chrono::hours(168)},
              .if_reused = make_event("family.revoked"),
              .now = clock_.now()}};
}

User StorageConformance::stored_user(const std::string& id) {
  User user = make_user(id);
  EXPECT_TRUE(users().insert(user));
  return user;
}

Authorization StorageConformance::stored_authorization(const Authorization& authorization) {
  const auto created = authorizations().create(authorization);
  EXPECT_TRUE(created) << (created ? "" : created.error().description);
  return authorization;
}

Authorization StorageConformance::redeemed_authorization(const std::string& client_id,
                                                         const std::string& user_id,
                                                         const Resource* resource) {
  const Authorization pending = stored_authorization(make_authorization(client_id, user_id, resource));
  const std::string code = ids_.token(32);
  EXPECT_TRUE(authorizations().approve(make_approval(pending, code)));
  return authorizations().consume_code(hash_of(code), clock_.now()).value()->authorization;
}

StorageConformance::Session StorageConformance::stored_session(const std::string& client_id,
                                                               const std::string& user_id,
                                                               const Resource* resource) {
  Session out;
  out.refresh_token = ids_.token(32);
  const NewIssuance start =
      make_start(redeemed_authorization(client_id, user_id, resource), out.refresh_token);
  out.family = std::get<FamilyStart>(start.family).family;
  out.access = start.row;
  const auto stored = issuances().append(start);
  EXPECT_TRUE(stored) << (stored ? "" : stored.error().detail);
  return out;
}

StorageConformance::Session StorageConformance::first_session(const Resource* resource) {
  stored_client("client-1");
  stored_user("user-1");
  return stored_session("client-1", "user-1", resource);
}

Issuance StorageConformance::refreshed(Session& session) {
  const std::string successor = ids_.token(32);
  const NewIssuance rotation = make_rotation(session.family, session.refresh_token, successor);
  const auto stored = issuances().append(rotation);
  EXPECT_TRUE(stored) << (stored ? "" : stored.error().detail);
  session.refresh_token = successor;
  return rotation.row;
}

bool StorageConformance::is_live(const Issuance& issuance) {
  return issuances().token_state(issuance.id.text(), clock_.now()).value() == TokenState::live;
}

void StorageConformance::reopen() {
  if (!opened_.open_again) return;
  opened_.storage.reset();
  opened_.storage = opened_.open_again();
}

}  // namespace authplane::authserver
