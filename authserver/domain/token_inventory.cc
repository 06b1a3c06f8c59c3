#include "authserver/domain/token_inventory.h"

namespace authplane::authserver {
namespace {

constexpr std::string_view kTokenRevoked = "token.revoked";

}  // namespace

Outcome<TokenList> TokenInventory::list(const TokenSearch& search) const {
  auto families = storage_.families().list(
      {.user_id = search.user_id, .client_id = search.client_id, .resource_id = {}}, search.page);
  if (!families) return Err(families.error());
  TokenList list{.families = std::move(families->families), .machine_tokens = {}, .total = families->total};
  if (search.user_id) return list;

  auto machine = storage_.issuances().list_machine_tokens(search.client_id, search.page);
  if (!machine) return Err(machine.error());
  const auto catalog = storage_.resources().catalog();
  if (!catalog) return Err(catalog.error());
  list.total += machine->total;
  for (Issuance& issuance : machine->tokens) {
    const ResourcePtr resource = (*catalog)->find_by_id(issuance.resource_id);
    list.machine_tokens.push_back({std::move(issuance), resource ? resource->uri : std::string()});
  }
  return list;
}

Outcome<TokenList> TokenInventory::list_of_user(std::string_view user_id, const Page& page) const {
  const auto user = storage_.users().get(user_id);
  if (!user) return Err(user.error());
  return list({.client_id = {}, .user_id = user->id, .page = page});
}

Outcome<void> TokenInventory::revoke(std::string_view id, const Actor& actor) {
  const auto unknown = [] { return fail(DomainErrorCode::invalid_grant, "no token has this id"); };
  const auto parsed = TimeOrderedId::parse(id);
  if (!parsed) return unknown();
  auto found = revoke_family(*parsed, actor);
  if (found && !*found) found = revoke_token(*parsed, actor);
  if (!found) return Err(found.error());
  if (!*found) return unknown();
  return {};
}

Outcome<bool> TokenInventory::revoke_family(const TimeOrderedId& id, const Actor& actor) {
  const auto family = storage_.families().get(id);
  const auto revoked =
      family ? storage_.families().revoke(id, clock_.now()) : Outcome<RevokedFamilies>(Err(family.error()));
  if (!revoked) {
    if (revoked.error().code == DomainErrorCode::not_found) return false;
    return Err(revoked.error());
  }
  if (revoked->families != 0) {
    families_revoked_.add();
    audit_.record(kTokenRevoked, actor, family->client_id, audit_detail({{"family", id.text()}}));
  }
  return true;
}

Outcome<bool> TokenInventory::revoke_token(const TimeOrderedId& jti, const Actor& actor) {
  const auto issuance = storage_.issuances().find_by_jti(jti.text());
  if (!issuance) return Err(issuance.error());
  if (!*issuance) return false;
  const auto revoked = storage_.issuances().revoke(jti, clock_.now());
  if (!revoked) {
    if (revoked.error().code == DomainErrorCode::not_found) return false;
    return Err(revoked.error());
  }
  if (revoked->was_live) {
    const bool is_machine = revoked->issuance.is_machine_token();
    (is_machine ? machine_tokens_revoked_ : families_revoked_).add();
    audit_.record(kTokenRevoked, actor, revoked->issuance.client_id,
                  audit_detail({{is_machine ? "machine_jti" : "jti", jti.text()}}));
  }
  return true;
}

Outcome<RevokedFamilies> TokenInventory::force_logout(std::string_view user_id, const Actor& actor) {
  const auto user = storage_.users().get(user_id);
  if (!user) return Err(user.error());
  auto revoked = storage_.families().revoke_of_user(user->id, clock_.now());
  if (!revoked) return revoked;
  if (revoked->families != 0) families_revoked_.add(static_cast<double>(revoked->families));
  audit_.record("user.force_logout", actor, "",
                audit_detail({{"user", user_id}, {"revoked", std::to_string(revoked->families)}}));
  return revoked;
}

}  // namespace authplane::authserver
