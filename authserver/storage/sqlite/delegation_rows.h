#pragma once

#include <optional>
#include <string_view>

#include "authserver/storage/delegation_rules.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/connection.h"

// Whole rows. Everything works on a Connection and on a WriteContext.

namespace authplane::authserver::sqlite {

template <class Source>
FrontingLinks read_fronting_links(Source& source) {
  FrontingLinks out;
  Query query = source.query("SELECT " AUTHPLANE_FRONTING_LINK_COLUMNS " FROM fronting_links");
  while (query.step()) {
    FrontingLink link = fronting_link_from_row(query);
    out.emplace(key_of(link), std::move(link));
  }
  return out;
}

template <class Source>
std::optional<Resource> read_resource_by_slug(Source& source, std::string_view slug) {
  Query query = source.query("SELECT " AUTHPLANE_RESOURCE_COLUMNS " FROM resources WHERE slug = ?1");
  if (!query.with(slug).step()) return std::nullopt;
  return resource_from_row(query);
}

template <class Source>
std::optional<BrokerProvider> read_provider(Source& source, std::string_view id) {
  Query query =
      source.query("SELECT " AUTHPLANE_BROKER_PROVIDER_COLUMNS " FROM broker_providers WHERE id = ?1");
  if (!query.with(id).step()) return std::nullopt;
  return broker_provider_from_row(query);
}

template <class Source>
std::optional<ConsentGrant> read_consent_grant(Source& source, std::string_view id) {
  Query query = source.query("SELECT " AUTHPLANE_CONSENT_GRANT_COLUMNS " FROM consent_grants WHERE id = ?1");
  if (!query.with(id).step()) return std::nullopt;
  return consent_grant_from_row(query);
}

}  // namespace authplane::authserver::sqlite
