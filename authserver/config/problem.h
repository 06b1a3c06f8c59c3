#pragma once

#include <string>
#include <vector>

namespace authplane::authserver {

// One mistake in the configuration. `text` is one line: what is wrong, then what to do; it never holds a
// secret.
struct ConfigProblem {
  std::string key;  // the YAML key, an environment variable, or the file
  std::string text;
};
using ConfigProblems = std::vector<ConfigProblem>;

// "invalid configuration, 2 problems:" and one numbered line for each; without a trailing newline. One
// problem alone is a single line.
std::string describe(const ConfigProblems& problems);

}  // namespace authplane::authserver
