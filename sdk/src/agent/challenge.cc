#include "agent/challenge.h"

#include "dpop/challenge_parser.h"

namespace authplane::agent {

TokenChallenge read_challenge(const Headers& headers) {
  TokenChallenge result;
  for (const auto field : headers.all("WWW-Authenticate")) {
    for (const auto& challenge : dpop::parse_challenges(field)) {
      if (challenge.scheme != "bearer" && challenge.scheme != "dpop") continue;
      const auto take = [&](std::string& into, std::string_view name) {
        if (into.empty()) into = challenge.parameter(name);
      };
      take(result.error, "error");
      take(result.scope, "scope");
      take(result.resource_metadata, "resource_metadata");
    }
  }
  return result;
}

}  // namespace authplane::agent
