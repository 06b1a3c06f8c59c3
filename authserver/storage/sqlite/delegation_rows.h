#pragma once

#include <optional>
#include <string_view>

#include "authserver/storage/delegation_rules.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/rows.h"

// Whole rows. Everything works on a Connection and on a WriteContext.

namespace authplane::authserver::sqlite {

template <class Source>
FrontingLinks read_fronting_links(Source& source) {
  FrontingLinks out;
  for (FrontingLink& link : all_rows(source, "SELECT " AUTHPLANE_FRONTING_LINK_COLUMNS " FROM fronting_links",
                                     &fronting_link_from_row)) {
    auto key = key_of(link);
    out.emplace(std::move(key), std::move(link));
  }
  return out;
}

template <class Source>
std::optional<Resource> read_resource_by_slug(Source& source, std::string_view slug) {
  return find_row(source, "SELECT " AUTHPLANE_RESOURCE_COLUMNS " FROM resources WHERE slug = ?1",
                  &resource_from_row, slug);
}

template <class Source>
std::optional<BrokerProvider> read_provider(Source& source, std::string_view id) {
  return find_row(source, "SELECT " AUTHPLANE_BROKER_PROVIDER_COLUMNS " FROM broker_providers WHERE id = ?1",
                  &broker_provider_from_row, id);
}

template <class Source>
std::optional<ConsentGrant> read_consent_grant(Source& source, std::string_view id) {
  return find_row(source, "SELECT " AUTHPLANE_CONSENT_GRANT_COLUMNS " FROM consent_grants WHERE id = ?1",
                  &consent_grant_from_row, id);
}

}  // namespace authplane::authserver::sqlite
