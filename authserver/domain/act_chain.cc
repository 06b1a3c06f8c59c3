#include "authserver/domain/act_chain.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "authserver/domain/json_writer.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxAgents = 8;

}  // namespace

ActChain ActChain::of(const Json* act) {
  ActChain chain;
  if (act == nullptr || !act->is_object()) return chain;
  Json copy = *act;
  for (Json* level = &copy; level != nullptr;) {
    for (const char* name : {"exp", "nbf", "aud", "iat", "jti"}) level->erase(name);
    const std::string* sub = find_string(*level, "sub");
    chain.subjects_.push_back(sub != nullptr ? *sub : std::string());
    const auto inner = level->find("act");
    level = inner != level->end() && inner->is_object() ? &*inner : nullptr;
  }
  chain.claim_ = to_json_text(copy);
  return chain;
}

ActChain ActChain::with(std::string_view sub, std::string_view actor_type) const {
  ActChain chain;
  JsonObjectWriter writer(chain.claim_);
  writer.string("sub", sub);
  if (!actor_type.empty()) writer.string("actor_type", actor_type);
  if (!empty()) writer.raw("act", claim_);
  writer.finish();
  chain.subjects_.reserve(subjects_.size() + 1);
  chain.subjects_.emplace_back(sub);
  chain.subjects_.insert(chain.subjects_.end(), subjects_.begin(), subjects_.end());
  return chain;
}

std::vector<std::string> ActChain::agents() const {
  const auto count = static_cast<std::ptrdiff_t>(std::min(subjects_.size(), kMaxAgents));
  std::vector<std::string> agents(subjects_.begin(), subjects_.begin() + count);
  std::reverse(agents.begin(), agents.end());
  return agents;
}

}  // namespace authplane::authserver
