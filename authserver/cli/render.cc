#include "authserver/cli/render.h"

#include <authplane/base/encoding.h>

#include <cstdio>

#include "authserver/domain/fronting_service.h"
#include "authserver/domain/json_writer.h"

namespace authplane::authserver::cli {
namespace {

struct Character {
  char32_t code;
  std::size_t bytes;
};

// The first character of valid UTF-8.
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t bytes = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  char32_t code = bytes == 1 ? byte(0) : byte(0) & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) code = code << 6 | (byte(i) & 0x3FU);
  return {code, bytes};
}

// Whether a terminal obeys the character, turns text around for it, breaks the line or shows nothing.
bool is_deceptive(char32_t c) {
  return (c >= 0x7F && c <= 0x9F) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

// Calls `each(Character, std::string_view its_bytes)` for every character of valid UTF-8.
template <class Each>
void for_each_character(std::string_view text, Each each) {
  for (Character c{}; !text.empty(); text.remove_prefix(c.bytes)) {
    c = first_of(text);
    each(c, text.substr(0, c.bytes));
  }
}

std::string in_quotes(std::string_view text) {
  std::string json;
  append_json_string(json, is_valid_utf8(text) ? text : std::string_view("(not UTF-8)"));
  std::string out;
  for_each_character(json, [&](Character c, std::string_view bytes) {
    if (!is_deceptive(c.code)) {
      out += bytes;
      return;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c.code));
    out += escaped;
  });
  return out;
}

bool is_plain(std::string_view text) {
  if (!is_valid_utf8(text)) return false;
  bool plain = true;
  for_each_character(text, [&](Character c, std::string_view) {
    plain = plain && c.code > 0x20 && c.code != '"' && c.code != '\\' && !is_deceptive(c.code);
  });
  return plain;
}

}  // namespace

Row& Row::raw(std::string_view key, std::string_view value) {
  if (!text_.empty()) text_ += ' ';
  text_ += std::string(key) + "=" + std::string(value);
  return *this;
}

Row& Row::add(std::string_view key, std::string_view value) {
  return is_plain(value) ? raw(key, value) : raw(key, in_quotes(value));
}

Row& Row::quoted(std::string_view key, std::string_view value) {
  return raw(key, in_quotes(value));
}

std::string bracketed(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return "[" + text + "]";
}

std::string scope_summary(const std::vector<ResourceScope>& scopes) {
  std::vector<std::string> items;
  for (const ResourceScope& scope : scopes) {
    bool mapped = !scope.upstream.empty() && scope.upstream != scope.name;
    items.push_back(mapped ? scope.name + "->" + scope.upstream : scope.name);
  }
  return bracketed(items);
}

std::string instant(WallTime time) {
  return format_rfc3339(time);
}

std::string client_row(const Client& client) {
  return Row()
      .add("id", client.id)
      .add("name", client.name)
      .add("status", to_string(client.status))
      .add("source", to_string(client.registration_source))
      .line();
}

std::string user_row(const User& user) {
  return Row()
      .add("id", user.id)
      .add("email", user.email)
      .add("role", to_string(user.role))
      .add("status", to_string(user.status))
      .add("name", user.name)
      .add("provider", user.provider)
      .line();
}

std::string consent_grant_row(const ConsentGrant& grant) {
  Row row;
  row.add("id", grant.id)
      .add("client_id", grant.client_id)
      .add("resource_id", grant.resource_id)
      .add("scopes", bracketed(grant.scopes.tokens()))
      .add("created_at", instant(grant.created_at))
      .add("updated_at", instant(grant.updated_at));
  if (grant.revoked_at) row.add("revoked_at", instant(*grant.revoked_at));
  return row.line();
}

std::string broker_grant_row(const BrokerGrant& grant) {
  Row row;
  row.add("id", grant.id)
      .add("broker_provider_id", grant.provider_id)
      .add("scopes_granted", bracketed(grant.scopes_granted.tokens()))
      .add("version", std::to_string(grant.version))
      .add("enc_backend", grant.enc_backend)
      .add("created_at", instant(grant.created_at))
      .add("updated_at", instant(grant.updated_at));
  if (grant.revoked_at) row.add("revoked_at", instant(*grant.revoked_at));
  return row.line();
}

std::string provider_row(const BrokerProvider& provider) {
  return Row()
      .add("id", provider.id)
      .add("slug", provider.slug)
      .quoted("display_name", provider.display_name)
      .add("protocol", to_string(provider.protocol))
      .line();
}

std::string braced(const ScopeMap& scope_map) {
  return "{" + to_text(scope_map) + "}";
}

std::string fronting_row(const FrontingLink& link) {
  return Row()
      .add("source", link.source_slug)
      .add("target", link.target_slug)
      .add("scope_map", braced(link.scope_map))
      .add("created_by", link.created_by)
      .line();
}

std::string resource_row(const Resource& resource, Columns columns) {
  Row row;
  row.add("id", resource.id)
      .add("slug", resource.slug)
      .add("backend_kind", to_string(resource.backend_kind))
      .add("broker_provider_id", resource.broker_provider_id)
      .add("uri", resource.uri);
  if (columns == Columns::all) row.quoted("display_name", resource.display_name);
  return row.add("scopes", scope_summary(resource.scopes)).line();
}

std::string issuance_row(const Issuance& issuance) {
  const std::vector<std::string>& scopes = issuance.scopes.tokens();
  Row row;
  row.add("id", issuance.id.text())
      .add("jti", issuance.jti())
      .add("subject_user_id", issuance.subject_user_id)
      .add("client_id", issuance.client_id)
      .add("resource_id", issuance.resource_id)
      .add("backend_kind", to_string(issuance.backend_kind))
      .add("scopes", bracketed(scopes))
      .add("issued_at", instant(issuance.issued_at))
      .add("expires_at", instant(issuance.expires_at));
  if (!issuance.dpop_jkt.empty()) row.add("dpop_jkt", issuance.dpop_jkt);
  if (issuance.revoked_at) row.add("revoked_at", instant(*issuance.revoked_at));
  return row.line();
}

}  // namespace authplane::authserver::cli
