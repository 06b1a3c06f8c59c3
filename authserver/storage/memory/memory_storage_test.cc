#include "authserver/storage/memory/memory_storage.h"

#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

INSTANTIATE_TEST_SUITE_P(Memory, StorageConformance,
                         ::testing::Values(StorageBackend{"memory", [] {
                                                            return OpenedStorage{{}, make_memory_storage()};
                                                          }}));

}  // namespace authplane::authserver
