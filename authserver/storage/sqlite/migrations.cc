#include "authserver/storage/sqlite/migrations.h"

#include <array>

namespace authplane::authserver::sqlite {
namespace {

struct Migration {
  std::int64_t version;
  const char* script;
};

// Times are Unix time: *_at of issuances and spent_proofs in seconds, all others in microseconds unless said.
// Released migrations never change.
constexpr std::array kMigrations{
    Migration{1, R"sql(
CREATE TABLE clients (
  id TEXT NOT NULL PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  name TEXT NOT NULL,
  redirect_uris TEXT NOT NULL,
  grant_types TEXT NOT NULL,
  response_types TEXT NOT NULL,
  token_endpoint_auth_method TEXT NOT NULL
    CHECK (token_endpoint_auth_method IN ('none', 'client_secret_basic', 'client_secret_post')),
  scope TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'revoked')),
  registration_source TEXT NOT NULL CHECK (registration_source IN ('dcr', 'cimd', 'admin')),
  cimd_url TEXT NOT NULL,
  is_agent INTEGER NOT NULL CHECK (is_agent IN (0, 1)),
  agent_description TEXT NOT NULL,
  application_type TEXT,
  version INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX clients_by_age ON clients (issued_at DESC, id);
CREATE UNIQUE INDEX clients_by_cimd_url ON clients (cimd_url) WHERE cimd_url <> '';

CREATE TABLE resources (
  id TEXT NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  uri TEXT NOT NULL,
  backend_kind TEXT NOT NULL CHECK (backend_kind IN ('mint', 'broker')),
  broker_provider_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  policy TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((backend_kind = 'broker') = (broker_provider_id <> ''))
) STRICT;

-- Texts that many issuances repeat: ids of clients, users and resources. Rows stay when their owner is gone.
CREATE TABLE identifiers (
  key INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- One row per token. The key is a time-ordered UUID, so rows are appended. client, resource, subject, agent and
-- consent_client are identifiers.key. backend: 0 mint, 1 broker. grant_kind: order of GrantKind.
CREATE TABLE issuances (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  client INTEGER NOT NULL,
  resource INTEGER,
  subject INTEGER,
  scopes TEXT NOT NULL,
  grant_kind INTEGER NOT NULL,
  backend INTEGER NOT NULL,
  revocable INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  dpop_jkt TEXT,
  agent INTEGER,
  agent_chain TEXT,
  consent_client INTEGER,
  parent BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX issuances_by_parent ON issuances (parent) WHERE parent IS NOT NULL;
CREATE INDEX issuances_by_revocation ON issuances (revoked_at) WHERE revoked_at IS NOT NULL;

-- A sparse index of issuances: which blocks of about one second (milliseconds of the id >> 10) hold rows of a
-- client (dimension 1), resource (2) or subject (3). A full index would touch one more page per token and index.
-- latest_expiry is not below expires_at of any such row.
CREATE TABLE issuance_blocks (
  dimension INTEGER NOT NULL,
  key INTEGER NOT NULL,
  block INTEGER NOT NULL,
  latest_expiry INTEGER NOT NULL,
  PRIMARY KEY (dimension, key, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_events (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  action TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  ip TEXT NOT NULL,
  detail TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runtime_settings (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Grows with every change of the named table, whoever makes it: how a running server notices a CLI command.
CREATE TABLE change_counters (
  name TEXT NOT NULL PRIMARY KEY,
  changes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO change_counters VALUES ('clients', 0), ('resources', 0);
CREATE TRIGGER clients_inserted AFTER INSERT ON clients BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'clients'; END;
CREATE TRIGGER clients_updated AFTER UPDATE ON clients BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'clients'; END;
CREATE TRIGGER clients_deleted AFTER DELETE ON clients BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'clients'; END;
CREATE TRIGGER resources_inserted AFTER INSERT ON resources BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'resources'; END;
CREATE TRIGGER resources_updated AFTER UPDATE ON resources BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'resources'; END;
CREATE TRIGGER resources_deleted AFTER DELETE ON resources BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'resources'; END;
)sql"},
    Migration{2, R"sql(
-- Proofs of possession that tokens used up, in the order of spending; n grows for ever. Never searched by key.
CREATE TABLE spent_proofs (
  n INTEGER PRIMARY KEY,
  key BLOB NOT NULL CHECK (length(key) = 16),
  expires_at INTEGER NOT NULL
) STRICT;
)sql"},
    Migration{3, R"sql(
CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  email TEXT UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
  status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
  provider TEXT NOT NULL,
  provider_sub TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (provider, provider_sub)
) STRICT;
CREATE INDEX users_by_age ON users (created_at DESC, id);

-- Requests at the authorization endpoint. n is the order of creation.
CREATE TABLE auth_sessions (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  redirect_uri TEXT NOT NULL,
  scopes TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  resource_uri TEXT NOT NULL,
  state TEXT NOT NULL,
  code_challenge TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  code_hash BLOB CHECK (length(code_hash) = 32),
  consumed_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX auth_sessions_by_code ON auth_sessions (code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX auth_sessions_by_client ON auth_sessions (client_id);
CREATE INDEX auth_sessions_by_user ON auth_sessions (user_id, client_id);

CREATE TABLE consent_grants (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE RESTRICT,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revoked_at INTEGER,
  UNIQUE (user_id, client_id, resource_id)
) STRICT;
CREATE INDEX consent_grants_by_client ON consent_grants (client_id);
CREATE INDEX consent_grants_by_resource ON consent_grants (resource_id);

-- The key is a time-ordered UUID.
CREATE TABLE token_families (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  scopes TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  resource_uri TEXT NOT NULL,
  auth_session_id TEXT,
  dpop_jkt TEXT,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX token_families_by_auth_session ON token_families (auth_session_id)
  WHERE auth_session_id IS NOT NULL;
CREATE INDEX token_families_by_client ON token_families (client_id);
CREATE INDEX token_families_by_user ON token_families (user_id);

-- n is the order of creation.
CREATE TABLE refresh_tokens (
  n INTEGER PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  family BLOB NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);

-- Which issuances belong to a family, until they expire. expires_at in seconds.
CREATE TABLE family_tokens (
  family BLOB NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
  issuance BLOB NOT NULL CHECK (length(issuance) = 16),
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (family, issuance)
) STRICT, WITHOUT ROWID;
)sql"},
    Migration{4, R"sql(
ALTER TABLE auth_sessions ADD COLUMN dpop_jkt TEXT;

-- Exchanged tokens, for looking at those that live.
CREATE INDEX issuances_exchanged ON issuances (expires_at) WHERE parent IS NOT NULL;

CREATE TABLE fronting_links (
  source_slug TEXT NOT NULL REFERENCES resources (slug) ON DELETE RESTRICT,
  target_slug TEXT NOT NULL REFERENCES resources (slug) ON DELETE RESTRICT,
  scope_map TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (source_slug, target_slug),
  CHECK (source_slug <> target_slug)
) STRICT, WITHOUT ROWID;
CREATE INDEX fronting_links_by_target ON fronting_links (target_slug);
INSERT INTO change_counters VALUES ('fronting_links', 0);
CREATE TRIGGER fronting_links_inserted AFTER INSERT ON fronting_links BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'fronting_links'; END;
CREATE TRIGGER fronting_links_updated AFTER UPDATE ON fronting_links BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'fronting_links'; END;
CREATE TRIGGER fronting_links_deleted AFTER DELETE ON fronting_links BEGIN
  UPDATE change_counters SET changes = changes + 1 WHERE name = 'fronting_links'; END;

CREATE TABLE broker_providers (
  id TEXT NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  protocol TEXT NOT NULL CHECK (protocol IN ('oauth', 'api_key', 'service_account')),
  config_data TEXT NOT NULL,
  sealed_secrets BLOB NOT NULL,
  enc_backend TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE broker_grants (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  provider_id TEXT NOT NULL REFERENCES broker_providers (id) ON DELETE RESTRICT,
  scopes_granted TEXT NOT NULL,
  credential BLOB NOT NULL,
  enc_backend TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revoked_at INTEGER,
  UNIQUE (user_id, provider_id),
  CHECK (revoked_at IS NULL OR length(credential) = 0)
) STRICT;
CREATE INDEX broker_grants_by_provider ON broker_grants (provider_id);

-- Users on their way to a provider and back.
CREATE TABLE connect_pending_states (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  code_verifier BLOB NOT NULL,
  return_url TEXT NOT NULL,
  scopes TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX connect_pending_states_by_expiry ON connect_pending_states (expires_at);

CREATE TABLE trusted_idps (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  issuer TEXT NOT NULL UNIQUE,
  jwks_uri TEXT NOT NULL,
  audience TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- scopes: NULL = any, '' = none.
CREATE TABLE xaa_policies (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  idp_id TEXT NOT NULL REFERENCES trusted_idps (id) ON DELETE CASCADE,
  client_ids TEXT NOT NULL,
  scopes TEXT,
  resources TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX xaa_policies_by_idp ON xaa_policies (idp_id);

-- Rows stay when their user is gone: nobody else may take that place.
CREATE TABLE subject_mappings (
  id TEXT NOT NULL PRIMARY KEY,
  idp_id TEXT NOT NULL REFERENCES trusted_idps (id) ON DELETE CASCADE,
  idp_subject TEXT NOT NULL,
  local_user_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (idp_id, idp_subject)
) STRICT;

CREATE TABLE spent_assertions (
  key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_assertions_by_expiry ON spent_assertions (expires_at);
)sql"},
    Migration{5, R"sql(
ALTER TABLE users ADD COLUMN sessions_since INTEGER NOT NULL DEFAULT 0;
)sql"},
};

std::int64_t recorded_version(Connection& connection) {
  Query query = connection.query("SELECT coalesce(max(version), 0) FROM schema_migrations");
  query.step();
  return query.integer(0);
}

}  // namespace

SchemaState schema_state(Connection& connection) {
  auto ledger =
      connection.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'");
  if (!ledger.step()) {
    auto anything = connection.query("SELECT 1 FROM sqlite_schema LIMIT 1");
    return anything.step() ? SchemaState::foreign : SchemaState::outdated;
  }
  const std::int64_t version = recorded_version(connection);
  if (version > kMigrations.back().version) return SchemaState::newer_than_this_program;
  return version == kMigrations.back().version ? SchemaState::current : SchemaState::outdated;
}

std::size_t apply_migrations(Connection& connection, WallTime now, std::int64_t up_to) {
  std::size_t applied = 0;
  for (const Migration& migration : kMigrations) {
    if (migration.version > up_to) break;
    connection.run("BEGIN IMMEDIATE");
    // Inside the lock: another process may have been faster.
    connection.run(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT "
        "NULL) STRICT");
    if (recorded_version(connection) < migration.version) {
      connection.execute_script(migration.script);
      connection.query("INSERT INTO schema_migrations (version, applied_at) VALUES (?1, ?2)")
          .with(migration.version, now.time_since_epoch().count())
          .run();
      ++applied;
    }
    connection.run("COMMIT");
  }
  return applied;
}

}  // namespace authplane::authserver::sqlite
