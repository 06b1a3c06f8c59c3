#include "authserver/cli/render.h"

#include <authplane/base/encoding.h>

#include <algorithm>

#include "authserver/domain/json_writer.h"

namespace authplane::authserver::cli {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out;
  append_json_string(out, is_valid_utf8(text) ? text : std::string_view("(not UTF-8)"));
  return out;
}

bool is_plain(std::string_view text) {
  return is_valid_utf8(text) && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return c > 0x20 && c != 0x7F && c != '"' && c != '\\';
         });
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

std::string instant(std::chrono::sys_seconds time) {
  return format_rfc3339(WallTime(time));
}

std::string client_row(const Client& client) {
  return Row()
      .add("id", client.id)
      .add("name", client.name)
      .add("status", to_string(client.status))
      .add("source", to_string(client.registration_source))
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
  if (issuance.revoked_at) row.add("revoked_at", instant(*issuance.revoked_at));
  return row.line();
}

}  // namespace authplane::authserver::cli
