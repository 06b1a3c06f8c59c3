#include "authserver/config/nearest.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "authserver/config/key_table.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxNameLength = 128;

// Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// Keeps the closest candidate seen so far.
struct Closest {
  std::string_view wanted;
  std::size_t distance;  // candidates must beat this
  std::string_view name;

  void offer(std::string_view candidate) {
    std::size_t d = edit_distance(wanted, candidate);
    if (d < distance) {
      distance = d;
      name = candidate;
    }
  }
};

std::string_view parent(std::string_view path) {
  std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

}  // namespace

std::string nearest_key(std::string_view path) {
  if (path.size() > kMaxNameLength) return {};
  Closest closest{path, std::min<std::size_t>(4, path.size() / 3 + 1), {}};
  for (const KeyRow& row : key_table()) {
    closest.offer(row.path);
    for (std::string_view section = parent(row.path); !section.empty(); section = parent(section))
      closest.offer(section);
  }
  closest.offer("resources");
  closest.offer("broker_providers");
  if (!closest.name.empty()) return std::string(closest.name);
  // A right name in the wrong place.
  std::string_view leaf = path.substr(parent(path).empty() ? 0 : parent(path).size() + 1);
  for (const KeyRow& row : key_table()) {
    if (!parent(row.path).empty() && row.path.substr(parent(row.path).size() + 1) == leaf)
      return std::string(row.path);
  }
  return {};
}

std::string nearest_variable(std::string_view name) {
  constexpr std::size_t kLimit = 3;  // fewer than three mistakes
  if (!name.starts_with("AUTHPLANE_") || name.size() > kMaxNameLength) return {};
  Closest closest{name, kLimit, {}};
  for (const KeyRow& row : key_table()) {
    if (row.env == name) return {};
    if (!row.env.empty()) closest.offer(row.env);
  }
  std::vector<std::string_view> others{kResourceUriVariable, kResourceScopesVariable,
                                       kBrokerProviderVariable};
  others.insert(others.end(), std::begin(kBrokerProviderVariables), std::end(kBrokerProviderVariables));
  for (std::string_view other : others) {
    if (other == name) return {};
    closest.offer(other);
  }
  return std::string(closest.name);
}

}  // namespace authplane::authserver
