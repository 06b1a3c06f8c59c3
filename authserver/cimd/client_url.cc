#include "authserver/cimd/client_url.h"

#include <string>

#include "authserver/identity/path_segments.h"

namespace authplane::authserver {
namespace {

Unexpected<Error> refuse(std::string_view problem) {
  return Err(ErrorCode::invalid_argument, "client_id URL: " + std::string(problem));
}

}  // namespace

bool is_client_url(std::string_view client_id) noexcept {
  return client_id.starts_with("https://") || client_id.starts_with("http://");
}

Result<Url> check_client_url(std::string_view client_id, bool allow_http) {
  if (client_id.size() > kMaxClientUrlBytes) return refuse("is longer than 256 bytes");
  auto url = Url::parse(client_id);
  if (!url) return refuse(url.error().message);
  if (url->scheme() != "https" && !(allow_http && url->scheme() == "http"))
    return refuse("the scheme is not https");
  if (url->has_userinfo()) return refuse("has user information");
  if (url->has_fragment()) return refuse("has a fragment");
  if (!client_id.starts_with(url->origin() + "/"))
    return refuse("has no path, capitals in scheme or host, or a default port");
  if (url->path().find_first_not_of('/') == std::string::npos) return refuse("has no path");
  if (has_dot_segment(url->path())) return refuse("has a '.' or '..' in its path");
  return url;
}

}  // namespace authplane::authserver
