#pragma once

#include <optional>
#include <string>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/oauth/scope.h>

namespace authplane::authserver {

// Cross-application access: an identity provider whose assertions (ID-JAG) are taken for tokens.
struct TrustedIdp {
  std::string id;
  std::string name;
  std::string issuer;  // unique, compared byte for byte
  std::string jwks_uri;
  std::string audience;  // what `aud` of its assertions must be
  bool enabled = true;
  WallTime created_at{};
  WallTime updated_at{};
  friend bool operator==(const TrustedIdp&, const TrustedIdp&) = default;
};

// What may be had for an assertion of that provider. Note the two meanings of an empty list.
struct XaaPolicy {
  std::string id;
  std::string name;
  std::string idp_id;
  std::vector<std::string> client_ids;  // empty = any
  std::optional<ScopeSet> scopes;       // nullopt = any, empty = none
  std::vector<std::string> resources;   // URIs; empty = any
  bool enabled = true;
  WallTime created_at{};
  WallTime updated_at{};
  friend bool operator==(const XaaPolicy&, const XaaPolicy&) = default;
};

// Who a subject of that provider is here.
struct SubjectMapping {
  std::string id;
  std::string idp_id;
  std::string idp_subject;
  std::string local_user_id;
  WallTime created_at{};
  friend bool operator==(const SubjectMapping&, const SubjectMapping&) = default;
};

}  // namespace authplane::authserver
