#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <authplane/base/http.h>
#include <authplane/base/result.h>

namespace authplane {

// The scheme a token was presented under (RFC 6750 section 2.1, RFC 9449 section 7.1).
enum class TokenScheme { bearer, dpop };

// What the verifier has to know about the request that carried a token: method, raw path and the DPoP proof.
// The factories are the only way to make one, so a context with two proofs cannot exist (RFC 9449
// section 4.3, check 1). Views into what it was made from.
class RequestContext {
 public:
  // Collects the proofs of ALL `DPoP` fields: each is split at commas, trimmed, and blanks are dropped.
  // `target` is the raw request target, never decoded. Errors: dpop_multiple_proofs.
  static Result<RequestContext> create(std::string_view method, std::string_view target,
                                       std::span<const std::string_view> dpop_fields,
                                       TokenScheme scheme = TokenScheme::bearer);
  static Result<RequestContext> from_request(const HttpRequest& request,
                                             TokenScheme scheme = TokenScheme::bearer);

  std::string_view method() const { return method_; }
  std::string_view path() const { return path_; }  // raw, without query
  TokenScheme scheme() const { return scheme_; }
  const std::optional<std::string_view>& proof() const { return proof_; }

 private:
  RequestContext(std::string_view method, std::string_view target, TokenScheme scheme)
      : method_(method), path_(target.substr(0, target.find('?'))), scheme_(scheme) {}
  Result<void> take_proofs(std::string_view field);

  std::string_view method_, path_;
  std::optional<std::string_view> proof_;
  TokenScheme scheme_;
};

}  // namespace authplane
