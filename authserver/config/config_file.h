#pragma once

// For tests only.

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace authplane::authserver {

// A configuration file of its own for one test, gone at the end.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text) {
    char name[] = "/tmp/authserver-config-XXXXXX";
    int fd = mkstemp(name);
    path_ = name;
    close(fd);
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace authplane::authserver
