#include <authplane/resource/request_context.h>

#include <algorithm>

#include <authplane/base/encoding.h>

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
  RequestContext context(method, target, scheme);
  for (const std::string_view field : dpop_fields) {
    if (auto taken = context.take_proofs(field); !taken) return Err(std::move(taken.error()));
  }
  return context;
}

Result<RequestContext> RequestContext::from_request(const HttpRequest& request, TokenScheme scheme) {
  constexpr std::string_view kField = "DPoP";
  RequestContext context(request.method, request.target, scheme);
  for (const auto& [name, value] : request.headers) {
    if (name.size() != kField.size() || !equals_ignore_case(name, kField)) continue;
    if (auto taken = context.take_proofs(value); !taken) return Err(std::move(taken.error()));
  }
  return context;
}

// Proxies join repeated fields with commas, and a compact JWS holds none.
Result<void> RequestContext::take_proofs(std::string_view field) {
  for (std::size_t begin = 0; begin <= field.size();) {
    const std::size_t comma = std::min(field.find(',', begin), field.size());
    const std::string_view proof = trim(field.substr(begin, comma - begin));
    begin = comma + 1;
    if (proof.empty()) continue;
    if (proof_) {
      return Err(ErrorCode::dpop_multiple_proofs,
                 "the request carries more than one DPoP proof; send exactly one");
    }
    proof_ = proof;
  }
  return {};
}

}  // namespace authplane
