#include "authserver/xaa/policy.h"

#include <algorithm>

namespace authplane::authserver {
namespace {

bool is_any_or_lists(const std::vector<std::string>& list, std::string_view value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

bool allows(const XaaPolicy& policy, const XaaRequest& request) {
  if (!policy.enabled) return false;
  if (!is_any_or_lists(policy.client_ids, request.client_id)) return false;
  if (!is_any_or_lists(policy.resources, request.resource)) return false;
  if (!policy.scopes) return true;
  return !policy.scopes->empty() && request.scopes.minus(*policy.scopes).empty();
}

}  // namespace

const XaaPolicy* find_policy(const std::vector<XaaPolicy>& policies, const XaaRequest& request) {
  const auto found = std::find_if(policies.begin(), policies.end(),
                                  [&](const XaaPolicy& policy) { return allows(policy, request); });
  return found == policies.end() ? nullptr : &*found;
}

}  // namespace authplane::authserver
