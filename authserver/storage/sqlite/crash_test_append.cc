// Appends tokens from several threads for ever and prints the id of each one that was acknowledged. Started
// and killed by crash_test.cc.

#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include <authplane/base/log.h>

#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver {
namespace {

void append_for_ever(Storage& storage, IdGenerator& ids, const Clock& clock) {
  while (true) {
    Issuance token;
    token.id = ids.next();
    token.client_id = "client";
    token.issued_at = clock.now_seconds();
    token.expires_at = token.issued_at + std::chrono::hours(1);
    AuditEvent event;
    event.id = ids.next();
    event.action = "client_credentials.issued";
    event.created_at = clock.now();
    if (!storage.issuances().append(token, event)) return;
    const std::string line = token.id.text() + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return;
  }
}

int run(const std::string& path) {
  const SystemClock clock;
  SystemRandom random;
  StderrLogger logger(LogLevel::warn);
  SqliteOptions options;
  options.path = path;
  auto storage = open_sqlite(options, clock, logger);
  if (!storage) return 1;
  Client client;
  client.id = "client";
  client.issued_at = client.updated_at = clock.now();
  if (!(*storage)->clients().get(client.id) && !(*storage)->clients().insert(client)) return 1;

  IdGenerator ids(clock, random);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { append_for_ever(**storage, ids, clock); });
  }
  return 0;
}

}  // namespace
}  // namespace authplane::authserver

int main(int argc, char** argv) {
  return argc == 2 ? authplane::authserver::run(argv[1]) : 2;
}
