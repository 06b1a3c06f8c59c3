#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace authplane::authserver {

// The environment variables a program was started with, as a value: main() takes a snapshot, tests write
// their own.
class Environment {
 public:
  Environment() = default;
  Environment(std::initializer_list<std::pair<const std::string, std::string>> variables)
      : variables_(variables) {}

  // Reads a null-terminated array of "NAME=value", as `environ` is.
  static Environment from_process(const char* const* variables);

  void set(std::string name, std::string value) { variables_[std::move(name)] = std::move(value); }
  // nullopt when unset; "" when set to nothing.
  std::optional<std::string_view> get(std::string_view name) const {
    auto found = variables_.find(name);
    if (found == variables_.end()) return std::nullopt;
    return std::string_view(found->second);
  }
  auto begin() const { return variables_.begin(); }
  auto end() const { return variables_.end(); }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

}  // namespace authplane::authserver
