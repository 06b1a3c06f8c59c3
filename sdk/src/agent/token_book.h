#pragma once

#include <map>
#include <string>
#include <tuple>

#include <authplane/agent/token_store.h>

namespace authplane::agent {

struct LoginOrder {
  bool operator()(const LoginKey& a, const LoginKey& b) const {
    return std::tie(a.issuer, a.client_id, a.resource) < std::tie(b.issuer, b.client_id, b.resource);
  }
};

// What a token store holds.
struct TokenBook {
  std::map<LoginKey, StoredLogin, LoginOrder> logins;
  std::map<std::string, StoredClient> clients;  // by issuer

  void drop_client(const std::string& issuer);
};

std::string to_text(const TokenBook& book);
// Errors: protocol_error; the message does not show the text.
Result<TokenBook> parse_token_book(std::string_view text, std::size_t max_bytes);

}  // namespace authplane::agent
