#pragma once

#include <cstddef>

#include <authplane/base/log.h>

namespace authplane::authserver::cli {

// Raises this process's soft limit on open files as far as `wanted` needs and the hard limit allows. Every
// connection is an open file, and the usual soft limit of 1,024 is far below what the listeners accept. Warns
// with the fix when the hard limit is lower.
void raise_open_files_limit(std::size_t wanted, Logger& logger);

}  // namespace authplane::authserver::cli
