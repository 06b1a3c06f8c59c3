#pragma once

#include <memory>

#include "authserver/domain/storage.h"

namespace authplane::authserver {

// Everything in this process and gone with it. For tests and for trying things out.
std::unique_ptr<Storage> make_memory_storage();

}  // namespace authplane::authserver
