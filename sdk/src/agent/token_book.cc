#include "agent/token_book.h"

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

namespace authplane::agent {
namespace {

constexpr int kVersion = 1;

OrderedJson time_member(const std::optional<std::chrono::sys_seconds>& time) {
  return time ? OrderedJson(time->time_since_epoch().count()) : OrderedJson();
}

OrderedJson to_json(const LoginKey& key, const StoredLogin& login) {
  return {{"issuer", key.issuer},
          {"client_id", key.client_id},
          {"resource", key.resource},
          {"access_token", login.access_token},
          {"token_type", login.token_type},
          {"expires_at", time_member(login.expires_at)},
          {"refresh_token", login.refresh_token},
          {"scope", login.scope},
          {"key_thumbprint", login.key_thumbprint}};
}

OrderedJson to_json(const std::string& issuer, const StoredClient& client) {
  return {{"issuer", issuer},
          {"client_id", client.id},
          {"client_secret", client.secret},
          {"auth_method",
           client.method == AuthMethod::client_secret_post ? "client_secret_post" : "client_secret_basic"},
          {"expires_at", time_member(client.expires_at)}};
}

// Reads members and remembers whether one was not what it must be.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object), good_(object.is_object()) {}

  std::string text(std::string_view name) {
    const std::string* value = good_ ? find_string(object_, name) : nullptr;
    good_ = good_ && value != nullptr;
    return value ? *value : std::string();
  }
  std::optional<std::chrono::sys_seconds> time(std::string_view name) {
    const Json* value = good_ ? find_member(object_, name) : nullptr;
    if (!value || value->is_null()) return std::nullopt;
    good_ = value->is_number_integer();
    if (!good_) return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::seconds(value->get<std::int64_t>()));
  }
  bool good() const { return good_; }

 private:
  const Json& object_;
  bool good_;
};

Unexpected<Error> malformed(std::string problem) {
  return Err(ErrorCode::protocol_error, std::move(problem));
}

}  // namespace

void TokenBook::drop_client(const std::string& issuer) {
  const auto client = clients.find(issuer);
  if (client == clients.end()) return;
  std::erase_if(logins, [&](const auto& entry) {
    return entry.first.issuer == issuer && entry.first.client_id == client->second.id;
  });
  clients.erase(client);
}

std::string to_text(const TokenBook& book) {
  OrderedJson logins = OrderedJson::array(), clients = OrderedJson::array();
  for (const auto& [key, login] : book.logins) logins.push_back(to_json(key, login));
  for (const auto& [issuer, client] : book.clients) clients.push_back(to_json(issuer, client));
  return to_json_text(OrderedJson{{"version", kVersion}, {"clients", clients}, {"logins", logins}}) + "\n";
}

Result<TokenBook> parse_token_book(std::string_view text, std::size_t max_bytes) {
  const auto document = parse_json_object(text, {.max_bytes = max_bytes, .max_depth = 8});
  if (!document) return malformed(document.error().message);
  const Json* version = find_member(*document, "version");
  if (!version || *version != kVersion) return malformed("it is of another version");
  const Json* clients = find_array(*document, "clients");
  const Json* logins = find_array(*document, "logins");
  if (!clients || !logins) return malformed("it lacks clients or logins");

  TokenBook book;
  for (const Json& item : *clients) {
    Reader read(item);
    const std::string issuer = read.text("issuer");
    StoredClient client{.id = read.text("client_id"),
                        .secret = read.text("client_secret"),
                        .method = read.text("auth_method") == "client_secret_post"
                                      ? AuthMethod::client_secret_post
                                      : AuthMethod::client_secret_basic,
                        .expires_at = read.time("expires_at")};
    if (!read.good()) return malformed("a client lacks a member");
    book.clients.insert_or_assign(issuer, std::move(client));
  }
  for (const Json& item : *logins) {
    Reader read(item);
    LoginKey key{.issuer = read.text("issuer"),
                 .client_id = read.text("client_id"),
                 .resource = read.text("resource")};
    StoredLogin login{.access_token = read.text("access_token"),
                      .token_type = read.text("token_type"),
                      .expires_at = read.time("expires_at"),
                      .refresh_token = read.text("refresh_token"),
                      .scope = read.text("scope"),
                      .key_thumbprint = read.text("key_thumbprint")};
    if (!read.good()) return malformed("a login lacks a member");
    book.logins.insert_or_assign(std::move(key), std::move(login));
  }
  return book;
}

}  // namespace authplane::agent
