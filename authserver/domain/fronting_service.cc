#include "authserver/domain/fronting_service.h"

#include <algorithm>
#include <set>

namespace authplane::authserver {
namespace {

// A target named twice for one scope counts once.
ScopeMap without_repetitions(const ScopeMap& given) {
  ScopeMap scope_map;
  for (const auto& [from, targets] : given) {
    std::set<std::string_view> seen;
    std::vector<std::string>& to = scope_map[from];
    std::copy_if(targets.begin(), targets.end(), std::back_inserter(to),
                 [&](const std::string& scope) { return seen.insert(scope).second; });
  }
  return scope_map;
}

}  // namespace

std::string to_text(const ScopeMap& scope_map) {
  std::string text;
  for (const auto& [from, targets] : scope_map) {
    text += (text.empty() ? "" : ",") + from + "->";
    std::vector<std::string> sorted = targets;
    std::sort(sorted.begin(), sorted.end());
    for (const std::string& scope : sorted) text += (&scope == &sorted.front() ? "" : "+") + scope;
  }
  return text;
}

Outcome<FrontingLink> FrontingService::create(const NewFrontingLink& wanted, LinkMode mode,
                                              const Actor& actor) {
  FrontingLink link{.source_slug = wanted.source_slug,
                    .target_slug = wanted.target_slug,
                    .scope_map = without_repetitions(wanted.scope_map),
                    .created_at = clock_.now(),
                    .created_by = wanted.created_by};
  const bool dry_run = mode == LinkMode::dry_run;
  if (const auto stored = links_.insert(link, dry_run); !stored) return Err(stored.error());
  if (!dry_run) record("fronting_link.created", link, actor);
  return link;
}

Outcome<FrontingLink> FrontingService::get(std::string_view source_slug, std::string_view target_slug) const {
  auto found = links_.find(source_slug, target_slug);
  if (!found) return Err(found.error());
  if (!*found) return fail(DomainErrorCode::not_found, "no fronting link has this source and target");
  return std::move(**found);
}

Outcome<std::vector<FrontingLink>> FrontingService::list(const FrontingFilter& filter,
                                                         const Page& page) const {
  return links_.list(filter, page);
}

Outcome<FrontingLinks> FrontingService::links_of(std::string_view slug) const {
  const auto catalog = resources_.catalog();
  if (!catalog) return Err(catalog.error());
  if (!(*catalog)->find_by_slug(slug)) return fail(DomainErrorCode::not_found, "no resource has this slug");
  auto fronts = links_.list({.source_slug = std::string(slug), .target_slug = {}}, kEverything);
  if (!fronts) return Err(fronts.error());
  auto fronted_by = links_.list({.source_slug = {}, .target_slug = std::string(slug)}, kEverything);
  if (!fronted_by) return Err(fronted_by.error());
  return FrontingLinks{std::move(*fronts), std::move(*fronted_by)};
}

Outcome<FrontingLink> FrontingService::update(std::string_view source_slug, std::string_view target_slug,
                                              const std::optional<ScopeMap>& scope_map, const Actor& actor) {
  if (!scope_map) return get(source_slug, target_slug);
  auto updated = links_.update(source_slug, target_slug, without_repetitions(*scope_map));
  if (updated) record("fronting_link.patched", *updated, actor);
  return updated;
}

Outcome<void> FrontingService::remove(std::string_view source_slug, std::string_view target_slug,
                                      const Actor& actor) {
  auto removed = links_.remove(source_slug, target_slug);
  if (removed) {
    audit_.record("fronting_link.deleted", actor, "",
                  audit_detail({{"source", source_slug}, {"target", target_slug}}));
  }
  return removed;
}

void FrontingService::record(std::string_view action, const FrontingLink& link, const Actor& actor) {
  audit_.record(
      action, actor, "",
      audit_detail(
          {{"source", link.source_slug}, {"target", link.target_slug}, {"scopes", to_text(link.scope_map)}}));
}

}  // namespace authplane::authserver
