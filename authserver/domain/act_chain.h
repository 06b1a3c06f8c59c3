#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/json/json.h>

namespace authplane::authserver {

// Who acts for the subject of a token, and for whom they act (RFC 8693 section 4.1). A plain value.
class ActChain {
 public:
  ActChain() = default;  // nobody does
  // As the claim of a token whose signature was verified says it; null: nobody. Members that say something
  // about a token rather than about an actor (`exp`, `nbf`, `aud`, `iat`, `jti`) are left out at every level,
  // everything else is kept.
  static ActChain of(const Json* act);

  // The same with one more actor in front. `actor_type` "" = not said.
  ActChain with(std::string_view sub, std::string_view actor_type = {}) const;

  bool empty() const { return claim_.empty(); }
  std::size_t depth() const { return subjects_.size(); }
  // The value of the `act` claim, "" = there is none.
  const std::string& claim() const { return claim_; }
  // `agent_chain`: the originator first, the current actor last, the latest eight.
  std::vector<std::string> agents() const;

 private:
  std::string claim_;
  std::vector<std::string> subjects_;  // the current actor first; "" where one has no `sub`
};

}  // namespace authplane::authserver
