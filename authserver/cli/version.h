#pragma once

namespace authplane::authserver::cli {

// The program's version, "1.2.3".
inline const char* version() {
  return AUTHPLANE_VERSION;
}

}  // namespace authplane::authserver::cli
