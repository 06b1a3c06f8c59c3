#pragma once

#include <string>
#include <string_view>

#include <authplane/base/result.h>
#include <authplane/base/url.h>

namespace authplane {

// A resource identifier (RFC 8707 section 2, RFC 9728 section 1.2): the audience of tokens, the `resource` of
// the metadata and the origin of `htu`. Kept and compared byte for byte; nothing is trimmed.
class ResourceIdentifier {
 public:
  // Any absolute URL with a scheme and a host; a query is allowed, fragment and userinfo are not.
  // Errors: invalid_argument.
  static Result<ResourceIdentifier> parse(std::string_view uri);

  const std::string& text() const { return url_.text(); }
  const Url& url() const { return url_; }

  // Where the protected resource metadata lives (RFC 9728 section 3.1): the well-known segment goes between
  // host and path. Terminating slashes of the path are dropped for this derivation only; percent triplets
  // stay as written.
  const std::string& metadata_path() const { return metadata_path_; }
  // The same as an absolute URL; keeps the query, so that identifiers which differ by it stay apart.
  const std::string& metadata_url() const { return metadata_url_; }

 private:
  Url url_;
  std::string metadata_path_, metadata_url_;
};

}  // namespace authplane
