// Writes from several threads for ever and prints a line about each write that was acknowledged. Started and
// killed by crash_test.cc.

#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include <authplane/base/log.h>

#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver {
namespace {

struct Context {
  Storage& storage;
  IdGenerator& ids;
  const Clock& clock;
};

// One write each: lines of several threads do not mix. False when nobody reads any more.
bool acknowledge(const std::string& what) {
  const std::string line = what + "\n";
  return ::write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

void append_for_ever(const Context& context) {
  while (true) {
    Issuance token;
    token.id = context.ids.next();
    token.client_id = "client";
    token.issued_at = context.clock.now_seconds();
    token.expires_at = token.issued_at + std::chrono::hours(1);
    AuditEvent event;
    event.id = context.ids.next();
    event.action = "client_credentials.issued";
    event.created_at = context.clock.now();
    if (!context.storage.issuances().append(token, event) || !acknowledge("token " + token.id.text())) return;
  }
}

bool acknowledge(const char* what, const BrokerGrant& grant) {
  return acknowledge(what + (" " + grant.id + " " + std::to_string(grant.version) + " " + grant.credential));
}

// One user's account is connected, its credential rotated; an assertion is used up, a pending connect taken.
void delegate_for_ever(const Context& context, const std::string& user) {
  Storage& storage = context.storage;
  while (true) {
    const WallTime now = context.clock.now(), later = now + std::chrono::hours(1);
    const std::string assertion = context.ids.opaque();
    const auto spent = storage.xaa().spend_assertion(sha256(assertion), later);
    if (!spent || !*spent || !acknowledge("spent " + assertion)) return;

    BrokerGrant grant;
    grant.id = context.ids.opaque();
    grant.user_id = user;
    grant.provider_id = "provider";
    grant.credential = context.ids.opaque();
    grant.created_at = grant.updated_at = now;
    const auto connected = storage.broker_grants().connect(grant);
    if (!connected || !acknowledge("connected", *connected)) return;
    const auto rotated = storage.broker_grants().replace_credential(connected->id, connected->version,
                                                                    context.ids.opaque(), "", now);
    if (!rotated || !acknowledge("rotated", *rotated)) return;

    PendingConnect pending;
    pending.id = context.ids.opaque();
    pending.expires_at = later;
    if (!storage.broker_grants().begin(pending) || !acknowledge("begun " + pending.id)) return;
    const auto taken = storage.broker_grants().finish(pending.id, now);
    if (!taken || !*taken || !acknowledge("taken " + pending.id)) return;
  }
}

bool prepare(const Context& context, int users) {
  Storage& storage = context.storage;
  Client client;
  client.id = "client";
  client.issued_at = client.updated_at = context.clock.now();
  if (!storage.clients().get(client.id) && !storage.clients().insert(client)) return false;
  BrokerProvider provider;
  provider.id = provider.slug = "provider";
  if (!storage.broker_providers().find(provider.id).value() && !storage.broker_providers().insert(provider)) {
    return false;
  }
  for (int i = 0; i < users; ++i) {
    User user;
    user.id = "user-" + std::to_string(i);
    if (!storage.users().get(user.id) && !storage.users().insert(user)) return false;
  }
  return true;
}

int run(const std::string& path, const std::string& what) {
  constexpr int kThreads = 4;
  const SystemClock clock;
  SystemRandom random;
  StderrLogger logger(LogLevel::warn);
  SqliteOptions options;
  options.path = path;
  auto storage = open_sqlite(options, clock, logger);
  if (!storage) return 1;
  IdGenerator ids(clock, random);
  const Context context{**storage, ids, clock};
  if (!prepare(context, kThreads)) return 1;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&context, &what, i] {
      if (what == "tokens") {
        append_for_ever(context);
      } else {
        delegate_for_ever(context, "user-" + std::to_string(i));
      }
    });
  }
  return 0;
}

}  // namespace
}  // namespace authplane::authserver

int main(int argc, char** argv) {
  return argc == 3 ? authplane::authserver::run(argv[1], argv[2]) : 2;
}
