#include "authserver/cli/ready_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "authserver/domain/json_writer.h"

namespace authplane::authserver::cli {

CommandResult<void> write_ready_file(const std::string& path, std::uint16_t public_port,
                                     std::uint16_t admin_port) {
  std::string text;
  JsonObjectWriter(text)
      .integer("public_port", public_port)
      .integer("admin_port", admin_port)
      .integer("pid", getpid())
      .finish();
  std::string temporary = path + "." + std::to_string(getpid());
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << text << "\n";
  out.close();
  if (!out || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::string cause = std::strerror(errno);
    std::remove(temporary.c_str());
    return failure("--ready-file: cannot write " + path + ": " + cause + "; name a writable place");
  }
  return {};
}

}  // namespace authplane::authserver::cli
