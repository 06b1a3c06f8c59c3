#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/broker_grant.h"
#include "authserver/domain/broker_provider.h"
#include "authserver/domain/client.h"
#include "authserver/domain/consent_grant.h"
#include "authserver/domain/fronting_link.h"
#include "authserver/domain/issuance.h"
#include "authserver/domain/resource.h"
#include "authserver/domain/user.h"

namespace authplane::authserver::cli {

// One row of output: key=value pairs, one line. A value that is empty is left empty; one with blanks, quotes
// or control characters is quoted, so a stored name cannot forge a column or a line; controls of every kind,
// those that change the direction of text and those that show nothing are escaped.
class Row {
 public:
  explicit Row(std::string_view verb = {}) : text_(verb) {}
  Row& add(std::string_view key, std::string_view value);
  Row& quoted(std::string_view key, std::string_view value);  // always in quotes
  std::string line() const { return text_ + "\n"; }

 private:
  Row& raw(std::string_view key, std::string_view value);
  std::string text_;
};

std::string bracketed(const std::vector<std::string>& items);         // [a,b]
std::string scope_summary(const std::vector<ResourceScope>& scopes);  // [name,name->upstream]
std::string instant(WallTime time);                                   // RFC 3339, whole seconds

std::string client_row(const Client& client);
std::string user_row(const User& user);
std::string consent_grant_row(const ConsentGrant& grant);
std::string broker_grant_row(const BrokerGrant& grant);
std::string provider_row(const BrokerProvider& provider);
std::string braced(const ScopeMap& scope_map);  // {a->b+c,d->e}
std::string fronting_row(const FrontingLink& link);
enum class Columns { list, all };
std::string resource_row(const Resource& resource, Columns columns);
std::string issuance_row(const Issuance& issuance);

}  // namespace authplane::authserver::cli
