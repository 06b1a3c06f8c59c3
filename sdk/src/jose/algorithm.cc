#include <authplane/jose/algorithm.h>

namespace authplane {

std::string_view to_string(JwsAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case JwsAlgorithm::ES256:
      return "ES256";
    case JwsAlgorithm::RS256:
      return "RS256";
    case JwsAlgorithm::PS256:
      return "PS256";
    case JwsAlgorithm::EdDSA:
      return "EdDSA";
  }
  return "";
}

std::optional<JwsAlgorithm> parse_jws_algorithm(std::string_view name) noexcept {
  for (auto algorithm :
       {JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256, JwsAlgorithm::EdDSA}) {
    if (name == to_string(algorithm)) return algorithm;
  }
  return std::nullopt;
}

}  // namespace authplane
