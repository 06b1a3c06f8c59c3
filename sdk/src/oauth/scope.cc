#include <authplane/oauth/scope.h>

#include <algorithm>
#include <set>

namespace authplane {
namespace {

// The pieces between separators, empty ones dropped, each once, in first-seen order. The tree keeps a long
// hostile list from costing quadratic time.
std::vector<std::string> unique_pieces(std::string_view text, std::string_view separators) {
  std::vector<std::string> pieces;
  std::set<std::string_view> seen;
  for (std::size_t at = text.find_first_not_of(separators); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    const std::string_view piece = text.substr(at, end - at);
    if (seen.insert(piece).second) pieces.emplace_back(piece);
    at = text.find_first_not_of(separators, end);
  }
  return pieces;
}

}  // namespace

bool is_scope_token(std::string_view token) noexcept {
  return !token.empty() && std::all_of(token.begin(), token.end(),
                                       [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

Result<ScopeSet> ScopeSet::parse(std::string_view text) {
  ScopeSet scopes;
  scopes.tokens_ = unique_pieces(text, " ");
  for (const std::string& token : scopes.tokens_) {
    if (!is_scope_token(token)) {
      return Err(ErrorCode::invalid_scope,
                 "scope: a token has a character outside the set of RFC 6749 section 3.3");
    }
  }
  return scopes;
}

ScopeSet ScopeSet::split(std::string_view text) {
  ScopeSet scopes;
  scopes.tokens_ = unique_pieces(text, " \t\r\n\v\f");
  return scopes;
}

ScopeSet ScopeSet::of(std::span<const std::string> tokens) {
  ScopeSet scopes;
  for (const std::string& token : tokens) scopes.insert(token);
  return scopes;
}

bool ScopeSet::contains(std::string_view token) const {
  return std::find(tokens_.begin(), tokens_.end(), token) != tokens_.end();
}

bool ScopeSet::is_subset_of(const ScopeSet& other) const {
  return std::all_of(tokens_.begin(), tokens_.end(),
                     [&](const std::string& token) { return other.contains(token); });
}

ScopeSet ScopeSet::intersect(const ScopeSet& other) const {
  ScopeSet result;
  std::copy_if(tokens_.begin(), tokens_.end(), std::back_inserter(result.tokens_),
               [&](const std::string& token) { return other.contains(token); });
  return result;
}

ScopeSet ScopeSet::minus(const ScopeSet& other) const {
  ScopeSet result;
  std::copy_if(tokens_.begin(), tokens_.end(), std::back_inserter(result.tokens_),
               [&](const std::string& token) { return !other.contains(token); });
  return result;
}

void ScopeSet::insert(std::string token) {
  if (!contains(token)) tokens_.push_back(std::move(token));
}

std::string ScopeSet::to_string() const {
  std::string out;
  for (const std::string& token : tokens_) {
    if (!out.empty()) out.push_back(' ');
    out += token;
  }
  return out;
}

}  // namespace authplane
