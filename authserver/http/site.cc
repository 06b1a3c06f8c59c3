#include "authserver/http/site.h"

namespace authplane::authserver {

Result<Site> Site::of(std::string_view issuer) {
  const auto url = Url::parse(issuer);
  if (!url) return Err(url.error());
  Site site{.issuer = std::string(issuer),
            .origin = url->origin(),
            .host = url->authority(),
            .base_path = url->path()};
  while (site.base_path.ends_with('/')) site.base_path.pop_back();
  return site;
}

bool is_sent_by_other_site(const Headers& headers, const Site& site) {
  // Fetch metadata, which no page can choose. "none": the user repeated the request.
  if (headers.contains("Sec-Fetch-Site")) {
    const auto from = headers.get("Sec-Fetch-Site");
    return from != "same-origin" && from != "none";
  }
  // "null" comes from our own pages too: it is what their referrer policy makes of the origin.
  if (!headers.contains("Origin")) return false;
  const auto origin = headers.get("Origin");
  return origin != "null" && origin != site.origin;
}

}  // namespace authplane::authserver
