#include "authserver/domain/doctor.h"

#include <optional>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/url.h>
#include <authplane/jose/jws.h>
#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxShown = 200;
constexpr std::chrono::seconds kLeeway{30};
constexpr std::int64_t kLastNumericDate = 253'402'300'799;  // 9999-12-31T23:59:59Z

std::string shown(std::string_view value) {
  std::string text = header_safe(value.substr(0, kMaxShown));
  if (value.size() > kMaxShown) text += "...";
  return text;
}

std::string listed(const ScopeSet& scopes) {
  return scopes.empty() ? "(none)" : shown(scopes.to_string());
}

// Collects the steps; holds what later steps need of earlier ones.
class Examination {
 public:
  Examination(const DoctorQuestion& question, const SigningKeySet& keys, const ResourceCatalog& catalog)
      : question_(question), keys_(keys), catalog_(catalog) {}

  std::vector<DoctorStep> run() {
    check_form();
    check_type();
    check_algorithm();
    check_key();
    check_signature();
    check_claims();
    check_issuer();
    check_audience();
    check_expiry();
    check_not_before();
    check_binding();
    check_resource();
    check_scope();
    return std::move(steps_);
  }

 private:
  void ok(std::string check, std::string expected, std::string seen) {
    steps_.push_back({std::move(check), Verdict::ok, std::move(expected), std::move(seen), ""});
  }
  void failed(std::string check, std::string expected, std::string seen, std::string fix) {
    steps_.push_back(
        {std::move(check), Verdict::failed, std::move(expected), std::move(seen), std::move(fix)});
  }
  void skipped(std::string check, std::string because) {
    steps_.push_back({std::move(check), Verdict::skipped, "", std::move(because), ""});
  }

  std::string header(std::string_view name) const {
    const std::string* value = jws_ ? find_string(jws_->header, name) : nullptr;
    return value ? *value : "";
  }

  void check_form() {
    auto parsed = parse_unverified_jws(question_.token);
    if (!parsed) {
      return failed(
          "form", "header.payload.signature in base64url", shown(parsed.error().message),
          "send the access_token of the token response as it is, without quotes, line ends or 'Bearer '");
    }
    jws_ = std::move(*parsed);
    ok("form", "header.payload.signature in base64url", "a compact JWS");
  }

  void check_type() {
    if (!jws_) return skipped("typ", "the token cannot be read");
    const std::string typ = header("typ");
    if (equals_ignore_case(typ, "at+jwt") || equals_ignore_case(typ, "application/at+jwt")) {
      return ok("typ", "at+jwt", shown(typ));
    }
    failed("typ", "at+jwt", typ.empty() ? "(none)" : shown(typ),
           "this is no access token of this server; do not send an ID token or another kind of JWT");
  }

  void check_algorithm() {
    if (!jws_) return skipped("alg", "the token cannot be read");
    algorithm_ = parse_jws_algorithm(header("alg"));
    const std::string expected = std::string(to_string(keys_.algorithm()));
    if (algorithm_) return ok("alg", expected, std::string(to_string(*algorithm_)));
    failed("alg", expected, shown(header("alg")),
           "only tokens signed with a public-key algorithm are accepted");
  }

  void check_key() {
    if (!jws_) return skipped("kid", "the token cannot be read");
    const std::string kid = header("kid");
    for (const VerificationKey& key : keys_.published) {
      if (key.kid == kid) key_ = &key;
    }
    const std::string expected = "one of " + std::to_string(keys_.published.size()) + " published keys";
    if (key_ != nullptr) return ok("kid", expected, shown(kid));
    failed("kid", expected, kid.empty() ? "(none)" : shown(kid),
           "the token comes from another server, or its key was rotated out; get a new token from " +
               std::string(question_.issuer));
  }

  void check_signature() {
    if (!jws_ || !algorithm_ || key_ == nullptr)
      return skipped("signature", "there is no key to check it with");
    const bool valid =
        *algorithm_ == key_->algorithm && key_->key.verify(*algorithm_, jws_->signing_input, jws_->signature);
    if (valid) return ok("signature", "valid", "valid");
    failed("signature", "valid", "not valid for this key",
           "the token was changed on its way, or cut; get a new one");
  }

  void check_claims() {
    if (!jws_) return skipped("claims", "the token cannot be read");
    auto parsed = parse_json_object(jws_->payload);
    if (!parsed) {
      return failed("claims", "a JSON object", shown(parsed.error().message),
                    "get a new token from this server");
    }
    claims_ = std::move(*parsed);
    ok("claims", "a JSON object", "a JSON object");
  }

  void check_issuer() {
    if (!claims_) return skipped("iss", "the claims cannot be read");
    const std::string* iss = find_string(*claims_, "iss");
    if (iss != nullptr && *iss == question_.issuer) return ok("iss", shown(question_.issuer), shown(*iss));
    failed("iss", shown(question_.issuer), iss == nullptr ? "(none)" : shown(*iss),
           "the issuer compares byte for byte: use one spelling, host name and port included, for "
           "server.issuer here "
           "and for the issuer of the resource server");
  }

  std::vector<std::string> audiences() const {
    std::vector<std::string> values;
    if (const std::string* one = find_string(*claims_, "aud")) values.push_back(*one);
    if (const Json* many = find_array(*claims_, "aud")) {
      for (const Json& value : *many) {
        if (value.is_string()) values.push_back(value.get<std::string>());
      }
    }
    return values;
  }

  void check_audience() {
    if (!claims_) return skipped("aud", "the claims cannot be read");
    std::string seen;
    for (const std::string& audience : audiences()) {
      if (audience == question_.resource) return ok("aud", shown(question_.resource), shown(audience));
      if (!seen.empty()) seen += ", ";
      seen += shown(audience);
    }
    failed("aud", shown(question_.resource), seen.empty() ? "(none)" : seen, audience_fix());
  }

  std::string audience_fix() const {
    for (const std::string& audience : audiences()) {
      if (audience == question_.issuer)
        return "the token names no resource; send resource=<uri> in the token request";
      if (audience + "/" == question_.resource || audience == std::string(question_.resource) + "/") {
        return "the two differ only in a trailing slash; use one spelling everywhere";
      }
    }
    return "ask for the token with resource=<uri> spelled exactly as the resource server spells its own URI";
  }

  // The claim as a time; nullopt when it is missing, no integer, or out of range.
  std::optional<std::chrono::sys_seconds> time_claim(std::string_view name) const {
    const Json* value = find_member(*claims_, name);
    if (value == nullptr || !value->is_number_integer()) return std::nullopt;
    if (value->is_number_unsigned() &&
        value->get<std::uint64_t>() > static_cast<std::uint64_t>(kLastNumericDate)) {
      return std::nullopt;
    }
    const auto seconds = value->get<std::int64_t>();
    if (seconds < 0) return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
  }

  void check_expiry() {
    if (!claims_) return skipped("exp", "the claims cannot be read");
    const std::string expected = "later than " + format_rfc3339(question_.now);
    const auto exp = time_claim("exp");
    if (!exp) return failed("exp", expected, "no usable time", "get a new token from this server");
    if (*exp + kLeeway > question_.now) return ok("exp", expected, format_rfc3339(*exp));
    failed("exp", expected, format_rfc3339(*exp),
           "the token has expired; get a new one, and check both clocks");
  }

  void check_not_before() {
    if (!claims_) return skipped("nbf", "the claims cannot be read");
    const std::string expected = "not later than " + format_rfc3339(question_.now);
    if (find_member(*claims_, "nbf") == nullptr) return ok("nbf", expected, "(none)");
    const auto nbf = time_claim("nbf");
    if (nbf && *nbf <= question_.now + kLeeway) return ok("nbf", expected, format_rfc3339(*nbf));
    failed("nbf", expected, nbf ? format_rfc3339(*nbf) : "no usable time",
           "the clocks of the two machines differ");
  }

  // RFC 9449 section 6.1. Nothing here can tell whether the caller holds the key.
  void check_binding() {
    if (!claims_) return skipped("cnf", "the claims cannot be read");
    const std::string expected = "none, or the thumbprint of the client's DPoP key";
    if (find_member(*claims_, "cnf") == nullptr) return ok("cnf", expected, "(none): a bearer token");
    const Json* cnf = find_object(*claims_, "cnf");
    const std::string* thumbprint = cnf == nullptr ? nullptr : find_string(*cnf, "jkt");
    if (thumbprint != nullptr && !thumbprint->empty()) {
      return ok("cnf", expected,
                "bound to key " + shown(*thumbprint) +
                    "; send it as 'Authorization: DPoP' with a proof by that key, to a resource server with "
                    "DPoP on");
    }
    failed("cnf", expected, "no jkt",
           "a token bound in another way is refused everywhere; get a new one from this server");
  }

  void check_resource() {
    const ResourceMatch found = catalog_.find_by_uri(question_.resource);
    if (found.match == Match::one) {
      resource_ = found.resource;
      return ok("resource", "registered here", "slug " + shown(resource_->slug));
    }
    if (found.match == Match::ambiguous) {
      return failed("resource", "registered once", "several resources have this URI",
                    "delete all but one: authserver admin resource list");
    }
    failed("resource", "registered here", "not registered: " + shown(question_.resource),
           "authserver admin resource create --uri with exactly this URI, or use a registered one: "
           "authserver admin "
           "resource list");
  }

  void check_scope() {
    if (!claims_ || !resource_) {
      return skipped("scope", claims_ ? "the resource is not registered" : "the claims cannot be read");
    }
    const std::string* text = find_string(*claims_, "scope");
    const ScopeSet granted = ScopeSet::split(text == nullptr ? "" : *text);
    const ScopeSet catalog = resource_->scope_names();
    const std::string expected = "some of: " + listed(catalog);
    if (catalog.empty() || !granted.intersect(catalog).empty()) return ok("scope", expected, listed(granted));
    failed("scope", expected, listed(granted),
           "ask for one of the resource's scopes, and register the client for it (the client's scope)");
  }

  const DoctorQuestion& question_;
  const SigningKeySet& keys_;
  const ResourceCatalog& catalog_;
  std::vector<DoctorStep> steps_;
  std::optional<UnverifiedJws> jws_;
  std::optional<JwsAlgorithm> algorithm_;
  const VerificationKey* key_ = nullptr;
  std::optional<Json> claims_;
  ResourcePtr resource_;
};

}  // namespace

std::vector<DoctorStep> explain_token(const DoctorQuestion& question, const SigningKeySet& keys,
                                      const ResourceCatalog& catalog) {
  return Examination(question, keys, catalog).run();
}

}  // namespace authplane::authserver
