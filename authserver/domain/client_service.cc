#include "authserver/domain/client_service.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <authplane/base/encoding.h>
#include <authplane/oauth/scope.h>

#include "authserver/domain/client_secret.h"
#include "authserver/domain/issuance.h"
#include "authserver/identity/redirect_uri.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxTextBytes = 255;
constexpr std::size_t kMaxRedirectUris = 10;
constexpr std::size_t kMaxScopeBytes = 8 * 1024;
constexpr std::size_t kSecretBytes = 32;

// What is wrong so far, in one sentence per problem.
class Problems {
 public:
  void add(std::string_view problem) {
    if (!text_.empty()) text_ += "; ";
    text_ += problem;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

using CodePoints = std::pair<char32_t, char32_t>;  // first and last

// What does not show, or reverses the order of the text around it: a name that shows as
// another one, or not at all. Controls, Default_Ignorable_Code_Point of Unicode, blanks that are no spaces.
constexpr CodePoints kHidden[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},
    {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0}, {0xfff0, 0xfff8}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

// The code points of UTF-8 that is_valid_utf8 has seen; anything for other text.
std::u32string code_points(std::string_view utf8) {
  std::u32string points;
  for (const char byte : utf8) {
    const auto value = static_cast<unsigned char>(byte);
    if ((value & 0xc0) == 0x80 && !points.empty()) {
      points.back() = (points.back() << 6) | (value & 0x3f);
    } else {
      const unsigned kept = value < 0x80 ? 0x7f : value < 0xe0 ? 0x1f : value < 0xf0 ? 0x0f : 0x07;
      points.push_back(value & kept);
    }
  }
  return points;
}

// White_Space of Unicode beyond ASCII, as far as it is not hidden.
constexpr CodePoints kSpaces[] = {
    {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};

// Marks that are drawn over or around the letter before them, of no script in particular.
constexpr CodePoints kMarks[] = {
    {0x300, 0x36f}, {0x483, 0x489}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f},
};
constexpr std::ptrdiff_t kMostMarks = 3;  // on one letter

template <std::size_t n>
bool is_among(const CodePoints (&ranges)[n], char32_t point) {
  return std::any_of(std::begin(ranges), std::end(ranges), [point](const CodePoints& range) {
    return point >= range.first && point <= range.second;
  });
}

bool has_hidden_characters(std::string_view text) {
  const std::u32string points = code_points(text);
  return std::any_of(points.begin(), points.end(), [](char32_t point) { return is_among(kHidden, point); });
}

bool is_blank(std::string_view text) {
  const std::u32string points = code_points(text);
  return std::all_of(points.begin(), points.end(),
                     [](char32_t point) { return point <= 0x20 || is_among(kSpaces, point); });
}

bool has_piles_of_marks(std::string_view text) {
  std::ptrdiff_t pile = 0;
  for (const char32_t point : code_points(text)) {
    pile = is_among(kMarks, point) ? pile + 1 : 0;
    if (pile > kMostMarks) return true;
  }
  return false;
}

void check_text(std::string_view name, std::string_view value, Problems& problems) {
  if (value.size() > kMaxTextBytes) problems.add(std::string(name) + " is longer than 255 bytes");
  if (!is_valid_utf8(value))
    problems.add(std::string(name) + " is not UTF-8");
  else if (has_hidden_characters(value))
    problems.add(std::string(name) + " has characters that do not show");
  else if (has_piles_of_marks(value))
    problems.add(std::string(name) + " has more than 3 combining marks on one letter");
}

void check_redirect_uris(const Client& client, Problems& problems) {
  if (client.redirect_uris.size() > kMaxRedirectUris) problems.add("more than 10 redirect_uris");
  for (const std::string& uri : client.redirect_uris) {
    if (check_redirect_uri(uri)) continue;
    problems.add(
        "a redirect_uri must be an absolute https URI, or http on localhost, 127.0.0.1 or [::1], without "
        "fragment, user information and dot segments, of at most 2048 bytes");
    break;
  }
  const bool needs_one = client.has_grant_type(to_string(GrantKind::authorization_code)) ||
                         client.has_grant_type(to_string(GrantKind::refresh_token));
  if (needs_one && client.redirect_uris.empty()) {
    problems.add("authorization_code and refresh_token need at least one of redirect_uris");
  }
}

// The switch that turns a known grant off here, "" when it is on.
std::string_view off_switch(GrantKind kind, const GrantSwitches& grants) {
  switch (kind) {
    case GrantKind::client_credentials:
      return grants.client_credentials ? "" : "AUTHPLANE_CLIENT_CREDENTIALS_ENABLED";
    case GrantKind::token_exchange:
      return grants.token_exchange ? "" : "AUTHPLANE_TOKEN_EXCHANGE_ENABLED";
    case GrantKind::jwt_bearer:
      return grants.jwt_bearer ? "" : "AUTHPLANE_XAA_ENABLED";
    case GrantKind::authorization_code:
    case GrantKind::refresh_token:
      return "";
  }
  return "";
}

void check_grant_types(const Client& client, const GrantSwitches& grants, Problems& problems) {
  if (client.grant_types.empty()) problems.add("grant_types must not be empty");
  for (const std::string& name : client.grant_types) {
    const auto kind = parse_grant_kind(name);
    if (!kind) {
      problems.add("grant_types names a grant this server does not know");
    } else if (const auto off = off_switch(*kind, grants); !off.empty()) {
      problems.add(name + " is switched off on this server; set " + std::string(off) + "=true");
    }
  }
}

}  // namespace

std::string client_problems(const Client& client, const GrantSwitches& grants) {
  Problems problems;
  if (is_blank(client.name)) problems.add("client_name must not be blank");
  check_text("client_name", client.name, problems);
  check_text("agent_description", client.agent_description, problems);
  check_redirect_uris(client, problems);
  if (client.application_type && client.application_type != "web" && client.application_type != "native") {
    problems.add("application_type must be web or native");
  }
  check_grant_types(client, grants, problems);
  if (client.response_types != std::vector<std::string>{"code"})
    problems.add("response_types must be [\"code\"]");
  if (client.scope.size() > kMaxScopeBytes) problems.add("scope is longer than 8192 bytes");
  if (!ScopeSet::parse(client.scope)) {
    problems.add("scope must be scope tokens separated by spaces (RFC 6749 section 3.3)");
  }
  return problems.take();
}

Outcome<RegisteredClient> ClientService::create(const ClientRegistration& registration, const Actor& actor) {
  const auto method = parse_client_auth_method(registration.token_endpoint_auth_method.value_or("none"));
  if (!method) {
    return fail(DomainErrorCode::invalid_client,
                "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post");
  }
  RegisteredClient registered;
  Client& client = registered.client;
  client.id = ids_.opaque();
  client.name = registration.name;
  client.redirect_uris = registration.redirect_uris;
  client.grant_types = registration.grant_types.value_or(std::vector<std::string>{"authorization_code"});
  client.response_types = registration.response_types.value_or(std::vector<std::string>{"code"});
  client.token_endpoint_auth_method = *method;
  client.scope = registration.scope;
  client.registration_source = registration.source;
  client.is_agent = registration.agent;
  client.agent_description = registration.agent_description;
  client.application_type = registration.application_type;
  client.issued_at = client.updated_at = clock_.now();
  if (std::string problems = client_problems(client, grants_); !problems.empty()) {
    return fail(DomainErrorCode::invalid_client, std::move(problems));
  }
  if (*method != ClientAuthMethod::none) {
    registered.client_secret = SecretString(ids_.token(kSecretBytes));
    client.secret_hash = hash_client_secret(pepper_, registered.client_secret.expose());
  }
  if (const auto stored = store_.insert(client); !stored) return Err(stored.error());
  if (registration.source == RegistrationSource::admin) {
    audit_.record("client.created_admin", actor, client.id, audit_detail({{"name", client.name}}));
  } else {
    audit_.post("client.registered", {.id = client.id, .ip = actor.ip}, client.id,
                audit_detail({{"source", to_string(registration.source)}}));
  }
  return registered;
}

Outcome<Client> ClientService::get(std::string_view id) const {
  const auto found = store_.get(id);
  if (!found) return Err(found.error());
  return Client(**found);
}

Outcome<std::vector<Client>> ClientService::list(const ClientFilter& filter, const Page& page) const {
  return store_.list(filter, page);
}

Outcome<Client> ClientService::update(std::string_view id, const ClientChanges& changes, const Actor& actor) {
  auto found = get(id);
  if (!found) return found;
  Client& client = *found;
  if (changes.name) client.name = *changes.name;
  if (changes.redirect_uris) client.redirect_uris = *changes.redirect_uris;
  if (changes.grant_types) client.grant_types = *changes.grant_types;
  if (changes.scope) client.scope = *changes.scope;
  client.updated_at = clock_.now();
  if (std::string problems = client_problems(client, grants_); !problems.empty()) {
    return fail(DomainErrorCode::invalid_client, std::move(problems));
  }
  auto stored = store_.update(client);
  if (stored) audit_.record("client.updated", actor, id, "");
  return stored;
}

Outcome<SecretString> ClientService::rotate_secret(std::string_view id, const Actor& actor) {
  SecretString secret(ids_.token(kSecretBytes));
  const auto stored = store_.rotate_secret(id, hash_client_secret(pepper_, secret.expose()), clock_.now());
  if (!stored) return Err(stored.error());
  audit_.record("client.secret_rotated", actor, id, "");
  return secret;
}

Outcome<Client> ClientService::transition(std::string_view id, ClientStatus to, std::string_view action,
                                          const Actor& actor) {
  auto stored = store_.transition(id, to, clock_.now());
  if (stored) {
    audit_.record(action, actor, id, "");
  } else if (stored.error().code == DomainErrorCode::conflict) {
    if (const auto found = store_.get(id); found && (*found)->status == to) {
      return fail(DomainErrorCode::conflict, "the client is " + std::string(to_string(to)) + " already");
    }
  }
  return stored;
}

Outcome<Client> ClientService::suspend(std::string_view id, const Actor& actor) {
  return transition(id, ClientStatus::suspended, "client.suspended", actor);
}

Outcome<Client> ClientService::reactivate(std::string_view id, const Actor& actor) {
  return transition(id, ClientStatus::active, "client.reactivated", actor);
}

Outcome<Client> ClientService::revoke(std::string_view id, const Actor& actor) {
  return transition(id, ClientStatus::revoked, "client.revoked", actor);
}

Outcome<void> ClientService::remove(std::string_view id, RemoveClient mode, const Actor& actor) {
  auto removed = store_.remove(id, mode, clock_.now());
  if (removed) {
    audit_.record("client.deleted", actor, id,
                  audit_detail({{"force", mode == RemoveClient::revoke_tokens ? "true" : "false"}}));
  }
  return removed;
}

}  // namespace authplane::authserver
