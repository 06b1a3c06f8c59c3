#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace authplane::e2e {

// The words nobody may find in what a program writes down, each with what it was.
class Canaries {
 public:
  void add(const std::string& what, const std::string& word);
  // A signed token: as a whole, and what makes it worth something.
  void add_jws(const std::string& what, const std::string& token);
  std::size_t size() const { return words_.size(); }

  // In none of the spellings a program may use without meaning to.
  void expect_none_in(const std::string& where, const std::string& text) const;

 private:
  std::vector<std::pair<std::string, std::string>> words_;
};

}  // namespace authplane::e2e
