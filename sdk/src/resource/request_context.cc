#include <authplane/resource/request_context.h>

#include <vector>

namespace authplane {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Result<RequestContext> RequestContext::create(std::string_view method, std::string_view target,
                                              std::span<const std::string_view> dpop_fields,
                                              TokenScheme scheme) {
  RequestContext context;
  context.method_ = method;
  context.path_ = target.substr(0, target.find('?'));
  context.scheme_ = scheme;
  for (std::string_view field : dpop_fields) {
    // Proxies join repeated fields with commas, and a compact JWS holds none.
    for (std::size_t begin = 0; begin <= field.size();) {
      const std::size_t comma = std::min(field.find(',', begin), field.size());
      const std::string_view proof = trim(field.substr(begin, comma - begin));
      begin = comma + 1;
      if (proof.empty()) continue;
      if (context.proof_) {
        return Err(ErrorCode::dpop_multiple_proofs,
                   "the request carries more than one DPoP proof; send exactly one");
      }
      context.proof_ = proof;
    }
  }
  return context;
}

Result<RequestContext> RequestContext::from_request(const HttpRequest& request, TokenScheme scheme) {
  if (!request.headers.contains("DPoP")) return create(request.method, request.target, {}, scheme);
  const std::vector<std::string_view> fields = request.headers.all("DPoP");
  return create(request.method, request.target, fields, scheme);
}

}  // namespace authplane
