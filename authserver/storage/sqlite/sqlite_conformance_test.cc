#include <memory>

#include <authplane/testing/temp_folder.h>

#include "authserver/storage/conformance/conformance.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver {
namespace {

struct Environment {
  testing::TempFolder directory;
  SystemClock clock;
  NullLogger logger;
};

StorageBackend backend(std::string name, bool wal) {
  return {std::move(name), [wal] {
            auto environment = std::make_shared<Environment>();
            SqliteOptions options;
            options.path = environment->directory.file("authserver.db");
            options.wal = wal;
            const auto open = [environment, options] {
              return open_sqlite(options, environment->clock, environment->logger).value();
            };
            return OpenedStorage{environment, open(), open};
          }};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, StorageConformance,
                         ::testing::Values(backend("wal", true), backend("rollback_journal", false)),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace authplane::authserver
