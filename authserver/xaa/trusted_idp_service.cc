#include "authserver/xaa/trusted_idp_service.h"

#include "authserver/xaa/rules.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxUrl = 2048;

}  // namespace

Outcome<void> TrustedIdpService::check_url(std::string_view member, const std::string& url) const {
  const auto parsed = Url::parse(url);
  const bool usable =
      parsed && url.size() <= kMaxUrl && !parsed->has_fragment() && !parsed->has_userinfo() &&
      (parsed->scheme() == "https" || (parsed->scheme() == "http" && deps_.keys.allows_http()));
  if (usable) return {};
  return fail(DomainErrorCode::invalid_request,
              std::string(member) +
                  " must be an absolute https URL without fragment and user information, of at most 2048 "
                  "bytes");
}

Outcome<TrustedIdp> TrustedIdpService::create(const IdpRegistration& registration, const Actor& actor) {
  TrustedIdp idp;
  idp.name = registration.name;
  idp.issuer = registration.issuer;
  idp.jwks_uri = registration.jwks_uri;
  idp.audience = registration.audience.empty() ? own_issuer_ : registration.audience;
  if (const auto ok = check_xaa_name(idp.name); !ok) return Err(ok.error());
  if (const auto ok = check_url("issuer", idp.issuer); !ok) return Err(ok.error());
  const auto holder = deps_.store.find_idp_by_issuer(idp.issuer);
  if (!holder) return Err(holder.error());
  if (*holder) return fail(DomainErrorCode::conflict, "the issuer is registered already");
  if (idp.jwks_uri.empty()) {
    auto found = deps_.keys.discover(idp.issuer);
    if (!found) {
      return fail(DomainErrorCode::invalid_request, "the metadata of " + idp.issuer +
                                                        " cannot be used, so say where its keys are "
                                                        "(jwks_uri): " +
                                                        found.error().message);
    }
    idp.jwks_uri = std::move(*found);
  }
  if (const auto ok = check_url("jwks_uri", idp.jwks_uri); !ok) return Err(ok.error());
  idp.id = deps_.ids.opaque();
  idp.created_at = idp.updated_at = deps_.clock.now_seconds();
  if (const auto stored = deps_.store.insert_idp(idp); !stored) return Err(stored.error());
  changed("register", "idp.created", actor, audit_detail({{"id", idp.id}, {"issuer", idp.issuer}}));
  return idp;
}

Outcome<TrustedIdp> TrustedIdpService::get(std::string_view id) const {
  auto found = deps_.store.find_idp(id);
  if (!found) return Err(std::move(found).error());
  if (!*found) return fail(DomainErrorCode::not_found, "identity provider not found");
  return std::move(**found);
}

Outcome<TrustedIdp> TrustedIdpService::update(std::string_view id, const IdpChanges& changes,
                                              const Actor& actor) {
  auto stored = get(id);
  if (!stored) return stored;
  TrustedIdp idp = *stored;
  if (changes.name) idp.name = *changes.name;
  if (changes.enabled) idp.enabled = *changes.enabled;
  if (const auto ok = check_xaa_name(idp.name); !ok) return Err(ok.error());
  if (idp == *stored) return stored;
  idp.updated_at = deps_.clock.now_seconds();
  auto updated = deps_.store.update_idp(idp);
  if (!updated) return updated;
  changed("update", "idp.updated", actor,
          audit_detail({{"id", id},
                        {"fields", changed_fields({{idp.name != stored->name, "name"},
                                                   {idp.enabled != stored->enabled, "enabled"}})}}));
  return updated;
}

Outcome<void> TrustedIdpService::remove(std::string_view id, const Actor& actor) {
  if (auto removed = deps_.store.remove_idp(id); !removed) return removed;
  deps_.keys.forget(id);
  changed("delete", "idp.deleted", actor, audit_detail({{"id", id}}));
  return {};
}

Outcome<void> TrustedIdpService::refresh_keys(std::string_view id, const Actor& actor) {
  const auto idp = get(id);
  if (!idp) return Err(idp.error());
  if (const auto refreshed = deps_.keys.refresh(*idp); !refreshed) {
    return fail(DomainErrorCode::invalid_request,
                "the keys of " + idp->issuer + " could not be fetched: " + refreshed.error().message);
  }
  changed("refresh_keys", "idp.keys_refreshed", actor, audit_detail({{"id", id}}));
  return {};
}

void TrustedIdpService::changed(const char* op, const char* action, const Actor& actor, std::string detail) {
  deps_.audit.record(action, actor, "", std::move(detail));
  deps_.metrics.counter("authplane_xaa_idp_operations_total", {{"op", op}}).add();
}

}  // namespace authplane::authserver
