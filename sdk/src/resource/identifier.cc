#include <authplane/resource/identifier.h>

namespace authplane {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";

Unexpected<Error> refused(std::string_view uri, std::string_view problem) {
  return Err(ErrorCode::invalid_argument,
             "resource '" + std::string(uri.substr(0, 120)) + "' refused: " + std::string(problem));
}

}  // namespace

Result<ResourceIdentifier> ResourceIdentifier::parse(std::string_view uri) {
  auto url = Url::parse(uri);
  if (!url) {
    return refused(uri, "it must be an absolute URL with a scheme and a host (" + url.error().message + ")");
  }
  if (url->has_fragment()) return refused(uri, "a resource identifier has no fragment (RFC 8707 section 2)");
  if (url->has_userinfo()) return refused(uri, "a resource identifier has no user name or password");

  ResourceIdentifier identifier;
  std::string_view path = url->path();
  while (path.ends_with('/')) path.remove_suffix(1);
  identifier.metadata_path_ = std::string(kWellKnown) + std::string(path);
  // Scheme and authority as written: the URL must not change by a letter between here and the client.
  const std::size_t authority = uri.find("://") + 3;
  identifier.metadata_url_ = std::string(uri.substr(0, uri.find_first_of("/?", authority)));
  identifier.metadata_url_ += identifier.metadata_path_;
  if (url->has_query()) identifier.metadata_url_ += "?" + url->query();
  identifier.url_ = std::move(*url);
  return identifier;
}

}  // namespace authplane
