#include <authplane/http_httplib/transport.h>

#include <memory>
#include <ostream>

#include "authserver/cli/command.h"
#include "authserver/cli/config_check.h"
#include "authserver/cli/healthcheck.h"
#include "authserver/cli/ready_file.h"
#include "authserver/cli/render.h"
#include "authserver/cli/server.h"
#include "authserver/cli/signals.h"
#include "authserver/cli/version.h"
#include "authserver/cli/workspace.h"
#include "authserver/logging/logger.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver::cli {
namespace {

struct ServeOptions {
  bool check = false;
  std::string ready_file;
};

std::unique_ptr<Logger> open_log(const Config::Logging& logging, const Clock& clock) {
  if (!logging.to_stdout) return std::make_unique<NullLogger>();
  LoggerOptions options;
  options.minimum = logging.level;
  options.format = logging.format == LogFormat::text ? LogLineFormat::text : LogLineFormat::json;
  return make_logger(options, clock);
}

std::string shown(const Endpoint& listen) {
  return listen.address.empty() ? "all interfaces" : listen.address;
}

void announce(const Config& config, const Server& server, Logger& logger) {
  logger.info(
      "listening",
      {{"listener", "public"}, {"address", shown(config.server.listen)}, {"port", server.public_port()}});
  if (config.admin.enabled) {
    logger.info(
        "listening",
        {{"listener", "admin"}, {"address", shown(config.admin.listen)}, {"port", server.admin_port()}});
  }
}

void log_start(const LoadedConfig& loaded, Logger& logger) {
  const Config& config = loaded.config;
  logger.info("starting", {{"version", version()},
                           {"issuer", config.server.issuer},
                           {"storage", config.storage.sqlite_path},
                           {"signing_keys", config.signing.key_path},
                           {"client_credentials", config.client_credentials.enabled},
                           {"token_exchange", config.token_exchange.enabled}});
  for (const auto* lines : {&loaded.slips, &loaded.advice}) {
    for (const std::string& line : *lines) logger.warn(line);
  }
}

CommandResult<void> serve(Invocation& invocation, const ServeOptions& options) {
  if (options.check) return check_config(invocation);
  Context& context = invocation.context;
  SignalGate signals;
  CommandResult<LoadedConfig> loaded = load_to_serve(invocation);
  if (!loaded) return Err(loaded.error());
  const Config& config = loaded->config;
  std::unique_ptr<Logger> logger = open_log(config.logging, context.clock);
  log_start(*loaded, *logger);
  CommandResult<std::unique_ptr<Server>> server =
      Server::start(config, context.environment, context.clock, context.random, *logger);
  if (!server) return Err(server.error());
  if (!options.ready_file.empty()) {
    CommandResult<void> written =
        write_ready_file(options.ready_file, (*server)->public_port(), (*server)->admin_port());
    if (!written) return written;
  }
  announce(config, **server, *logger);
  int signal = signals.wait();
  for (; signal == SIGHUP; signal = signals.wait()) (*server)->reload_keys();
  logger->info("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  bool drained = (*server)->drain(config.server.shutdown_wait);
  logger->info("stopped", {{"all_requests_finished", drained}});
  return {};
}

CommandResult<void> migrate(Invocation& invocation) {
  CommandResult<LoadedConfig> loaded = load_for_command(invocation);
  if (!loaded) return Err(loaded.error());
  SqliteOptions options;
  options.path = loaded->config.storage.sqlite_path;
  options.wal = loaded->config.storage.write_ahead_log;
  Result<std::size_t> applied = migrate_sqlite(options, invocation.context.clock);
  if (!applied) return failure(applied.error().message);
  invocation.context.out << Row("migrated")
                                .add("driver", "sqlite")
                                .add("path", options.path)
                                .add("applied", std::to_string(*applied))
                                .line();
  return {};
}

struct HealthOptions {
  std::string url;
  std::string timeout = "5s";
};

CommandResult<void> healthcheck(Invocation& invocation, const HealthOptions& options) {
  std::optional<Duration> timeout = parse_go_duration(options.timeout);
  if (!timeout || *timeout <= Duration::zero()) return failure("--timeout must be a duration such as 5s");
  std::string url = options.url;
  if (url.empty()) {
    CommandResult<LoadedConfig> loaded = load_for_command(invocation);
    if (!loaded) return Err(loaded.error());
    CommandResult<std::string> configured = health_url(loaded->config.server.listen);
    if (!configured) return Err(configured.error());
    url = *configured;
  }
  CommandResult<void> healthy =
      check_health(*make_httplib_transport(), url, std::chrono::ceil<std::chrono::milliseconds>(*timeout));
  if (!healthy) return healthy;
  invocation.context.out << "ok\n";
  return {};
}

}  // namespace

void add_server_commands(CLI::App& root, Action& selected) {
  auto serving = std::make_shared<ServeOptions>();
  CommandBuilder(root, "serve", "Run the server until SIGTERM or SIGINT; SIGHUP reloads the signing keys",
                 selected)
      .flag("--check", serving->check, "Only check the configuration and print it")
      .text("--ready-file", serving->ready_file,
            "Write ports and process id there once connections are accepted")
      .runs([serving](Invocation& invocation) { return serve(invocation, *serving); });
  CommandBuilder(root, "migrate", "Bring the database schema up to date", selected).runs(migrate);
  auto health = std::make_shared<HealthOptions>();
  CommandBuilder(root, "healthcheck", "Ask the running server for its health", selected)
      .text("--url", health->url, "Ask this URL instead of the configured address")
      .text("--timeout", health->timeout, "Default 5s")
      .runs([health](Invocation& invocation) { return healthcheck(invocation, *health); });
  CommandBuilder(root, "version", "Print the version", selected)
      .runs([](Invocation& invocation) -> CommandResult<void> {
        invocation.context.out << "authserver " << version() << "\n";
        return {};
      });
}

}  // namespace authplane::authserver::cli
