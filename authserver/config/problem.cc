#include "authserver/config/problem.h"

namespace authplane::authserver {

std::string describe(const ConfigProblems& problems) {
  if (problems.size() == 1) return "invalid configuration: " + problems[0].key + ": " + problems[0].text;
  std::string text = "invalid configuration, " + std::to_string(problems.size()) + " problems:";
  for (std::size_t i = 0; i < problems.size(); ++i) {
    text += "\n  " + std::to_string(i + 1) + ". " + problems[i].key + ": " + problems[i].text;
  }
  return text;
}

}  // namespace authplane::authserver
