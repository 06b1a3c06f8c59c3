#include "authserver/domain/issuance_service.h"

#include <algorithm>

namespace authplane::authserver {
namespace {

constexpr std::chrono::hours kDefaultLookback{24};
constexpr std::chrono::hours kMaxLookback{30 * 24};
constexpr std::size_t kMaxLimit = 5000;

bool fits(const Issuance& row, const IssuanceSearch& search) {
  return (!search.subject_user_id || row.subject_user_id == *search.subject_user_id) &&
         (!search.client_id || row.client_id == *search.client_id) &&
         (!search.resource_id || row.resource_id == *search.resource_id);
}

}  // namespace

Outcome<IssuanceList> IssuanceService::list(const IssuanceSearch& search) const {
  if (!search.subject_user_id && !search.client_id && !search.resource_id && !search.jti) {
    return fail(DomainErrorCode::invalid_request, "name at least one of user, client, resource and jti");
  }
  if (search.limit < 1 || search.limit > kMaxLimit) {
    return fail(DomainErrorCode::invalid_request, "limit must be 1 to 5000");
  }
  if (search.jti) {
    auto found = store_.find_by_jti(*search.jti);
    if (!found) return Err(found.error());
    IssuanceList list;
    if (*found && fits(**found, search)) list.issuances.push_back(std::move(**found));
    return list;
  }

  const WallTime now = clock_.now();
  const WallTime since = search.since.value_or(now - kDefaultLookback);
  if (since < now - kMaxLookback) {
    return fail(DomainErrorCode::invalid_request, "since must not be more than 30 days ago");
  }
  const auto since_seconds = std::chrono::ceil<std::chrono::seconds>(since);
  auto rows = store_.query({.subject_user_id = search.subject_user_id,
                            .client_id = search.client_id,
                            .resource_id = search.resource_id,
                            .since = since_seconds,
                            .limit = search.limit});
  if (!rows) return Err(rows.error());
  return IssuanceList{.issuances = std::move(*rows), .since = since_seconds};
}

Outcome<Issuance> IssuanceService::get(std::string_view id) const {
  const auto parsed = TimeOrderedId::parse(id);
  if (!parsed) return fail(DomainErrorCode::not_found, "no issuance has this id");
  return store_.get(*parsed);
}

Outcome<void> IssuanceService::revoke(std::string_view id, const Actor& actor) {
  const auto parsed = TimeOrderedId::parse(id);
  if (!parsed) return fail(DomainErrorCode::not_found, "no issuance has this id");
  const auto revoked = store_.revoke(*parsed, clock_.now());
  if (!revoked) return Err(revoked.error());
  const Issuance& row = revoked->issuance;
  audit_.record("issuance.revoked_admin", actor, row.client_id,
                audit_detail({{"id", row.id.text()},
                              {"subject_user_id", row.subject_user_id},
                              {"client_id", row.client_id},
                              {"resource_id", row.resource_id}}));
  return {};
}

}  // namespace authplane::authserver
