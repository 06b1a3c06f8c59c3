#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <memory>

#include "authserver/admin/admin_api.h"
#include "authserver/admin/metrics_prometheus.h"
#include "authserver/http/public_api.h"
#include "authserver/http_beast/listener.h"
#include "authserver/logging/logger.h"
#include "authserver/storage/keyfile/keyfile.h"
#include "authserver/storage/memory/memory_storage.h"

// The authorization server's endpoints and listener over the memory store: the same work without durability.
// It exists to tell what durability costs, and prints its two ports as JSON once it listens.

int main(int argc, char** argv) {
  using namespace authplane;
  using namespace authplane::authserver;
  CLI::App app{"The token endpoint without durability, for comparison."};
  std::string key_folder, issuer = "http://localhost";
  SecretString api_key("bench-admin-key-0123456789"), pepper("bench-pepper"), session_secret("bench-session");
  app.add_option("--keys", key_folder, "folder of the signing keys")->required();
  CLI11_PARSE(app, argc, argv);

  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  sigprocmask(SIG_BLOCK, &stop, nullptr);

  SystemClock clock;
  SystemRandom random;
  LoggerOptions log_options;
  log_options.target = LogTarget::standard_error;
  const auto logger = make_logger(log_options, clock);
  const auto storage = make_memory_storage();
  const auto keys = open_keyfile({.directory = key_folder}, clock.now_seconds(), *logger).value();
  IdGenerator ids(clock, random);
  const auto metrics = PrometheusMetrics::create();
  PublicApiConfig public_config;
  public_config.issuer = issuer;
  public_config.rate_limit = std::nullopt;
  AdminApiConfig admin_config;
  admin_config.issuer = issuer;
  admin_config.grants.client_credentials = true;
  const auto public_listener =
      http_beast::Listener::start({},
                                  PublicApi::create({public_config, pepper, session_secret, *storage, *keys,
                                                     ids, clock, random, *logger, *metrics}),
                                  *logger);
  const auto admin_listener = http_beast::Listener::start(
      {},
      AdminApi::create(
          {admin_config, api_key, pepper, *storage, *keys, ids, clock, random, *logger, *metrics, {}}),
      *logger);
  std::cout << "{\"public_port\":" << public_listener.value()->port()
            << ",\"admin_port\":" << admin_listener.value()->port() << "}" << std::endl;
  int signal = 0;
  sigwait(&stop, &signal);
}
