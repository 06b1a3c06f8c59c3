// Durable tokens per second of the SQLite storage: append_bench <empty directory> [rows already there]
// Measures bearer tokens and tokens that use up a proof of possession in turn.
// Every row (issuance and audit event) is waited for until it is on the disk.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <authplane/base/log.h>

#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver {
namespace {

constexpr int kClients = 100;
constexpr std::chrono::seconds kDuration{4};

class Bench {
 public:
  explicit Bench(Storage& storage) : storage_(storage) {}

  bool prepare() {
    Resource resource;
    resource.id = "resource";
    resource.slug = "bench";
    resource.uri = "https://mcp.example/mcp";
    if (!storage_.resources().insert(resource)) return false;
    for (int i = 0; i < kClients; ++i) {
      Client client;
      client.id = client_id(i);
      if (!storage_.clients().insert(client)) return false;
    }
    return true;
  }

  void preload(std::size_t rows) {
    std::atomic<std::size_t> pending = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      while (pending.load() > 4'000) std::this_thread::yield();
      ++pending;
      storage_.issuances().append_async({token(static_cast<int>(i % kClients)), event()},
                                        [&](const Outcome<void>&) { --pending; });
    }
    while (pending.load() != 0) std::this_thread::yield();
  }

  void measure(int threads, bool with_proofs) {
    std::vector<std::vector<double>> latencies(static_cast<std::size_t>(threads));
    const auto start = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> pool;
      for (int t = 0; t < threads; ++t) {
        pool.emplace_back(
            [&, t] { run(t, start + kDuration, with_proofs, latencies[static_cast<std::size_t>(t)]); });
      }
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::vector<double> all;
    for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end());
    const auto at = [&](double share) {
      return all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
    };
    std::printf("%2d threads: %7.0f durable %s tokens/s   us p50 %.0f p99 %.0f p99.9 %.0f max %.0f\n",
                threads, static_cast<double>(all.size()) / seconds, with_proofs ? "bound" : "bearer", at(0.5),
                at(0.99), at(0.999), all.back());
  }

 private:
  static std::string client_id(int i) { return "AbCdEfGhIjKlMnOp" + std::to_string(100'000 + i); }

  Issuance token(int client) {
    Issuance row;
    row.id = ids_.next();
    row.client_id = client_id(client);
    row.resource_id = "resource";
    row.scopes = scopes_;
    row.issued_at = clock_.now_seconds();
    row.expires_at = row.issued_at + std::chrono::hours(1);
    return row;
  }

  AuditEvent event() {
    AuditEvent out;
    out.id = ids_.next();
    out.action = "client_credentials.issued";
    out.actor_id = out.client_id = client_id(0);
    out.ip = "127.0.0.1";
    out.detail = "jti=" + out.id.text() + " scopes=\"mcp:echo mcp:tools\"";
    out.created_at = clock_.now();
    return out;
  }

  std::optional<SpentProof> proof() {
    return SpentProof::of(ids_.next().text(), clock_.now_seconds(), std::chrono::seconds(60));
  }

  void run(int seed, std::chrono::steady_clock::time_point end, bool with_proofs,
           std::vector<double>& latencies) {
    for (int i = seed; std::chrono::steady_clock::now() < end; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const auto used = with_proofs ? proof() : std::nullopt;
      if (!storage_.issuances().append(token(i % kClients), event(), used)) std::abort();
      latencies.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
  }

  Storage& storage_;
  SystemClock clock_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
  const ScopeSet scopes_ = ScopeSet::split("mcp:echo mcp:tools");
};

int run(const std::string& directory, std::size_t rows) {
  const SystemClock clock;
  StderrLogger logger;
  SqliteOptions options;
  options.path = directory + "/append_bench.db";
  auto storage = open_sqlite(options, clock, logger);
  if (!storage) {
    std::fprintf(stderr, "%s\n", storage.error().message.c_str());
    return 1;
  }
  Bench bench(**storage);
  if (!bench.prepare()) {
    std::fprintf(stderr, "%s is not empty\n", options.path.c_str());
    return 1;
  }
  bench.preload(rows);
  std::printf("%zu rows there\n", rows);
  for (const int threads : {1, 16, 64}) {
    for (const bool with_proofs : {false, true}) bench.measure(threads, with_proofs);
  }
  return 0;
}

}  // namespace
}  // namespace authplane::authserver

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: append_bench <empty directory> [rows already there]\n");
    return 2;
  }
  return authplane::authserver::run(argv[1], argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0);
}
