#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/form.h>
#include <authplane/base/hash.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/secret.h>

#include "authserver/domain/audit_service.h"
#include "authserver/http/router.h"

namespace authplane::authserver {

// One authenticated call of the admin API.
struct AdminCall {
  const HttpRequest& http;
  const PathParams& params;
  Actor actor;

  // Errors: invalid_request (see PathParams::get).
  Outcome<std::string> param(std::size_t index) const;
  // Errors: invalid_request when the query is malformed or repeats a parameter.
  Outcome<Form> query() const;
};

// Compares the Authorization field with the configured key (RFC 6750 section 2.1; the scheme is `Bearer`, in
// this case). Thread-safe.
class AdminKey {
 public:
  // An empty key lets nobody in.
  explicit AdminKey(const SecretString& api_key);
  // nullopt: the key is right. Otherwise the 401 to answer. Takes the same time wherever a wrong key differs.
  std::optional<HttpResponse> refuse(const HttpRequest& request) const;

 private:
  bool configured_;
  Sha256Digest digest_;
};

// Adds management endpoints to a router, each behind the key; what a handler fails with becomes problem+json.
class AdminRoutes {
 public:
  using Handler = std::function<Outcome<HttpResponse>(const AdminCall&)>;

  // The references outlive the router.
  AdminRoutes(Router& router, const AdminKey& key, Logger& logger)
      : router_(router), key_(key), logger_(logger) {}
  void add(std::string method, std::string pattern, Handler handler);

 private:
  Router& router_;
  const AdminKey& key_;
  Logger& logger_;
};

}  // namespace authplane::authserver
