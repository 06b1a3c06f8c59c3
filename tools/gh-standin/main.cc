#include <charconv>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>

#include <authplane/http_httplib/server.h>

#include "standin.h"

// gh-standin: a provider that looks like GitHub, on loopback, for as long as it runs.

namespace {

using namespace authplane;

constexpr const char* kUsage =
    "usage: gh-standin --client-id ID --client-secret SECRET --callback URL [--port 9100] [--user octocat]\n"
    "                  [--mode approve] [--host 127.0.0.1]\n"
    "  --port 0 takes a free one; the chosen one is printed\n";

struct Settings {
  gh_standin::Options standin;
  std::string host = "127.0.0.1";
  int port = 9100;
};

int parse_port(const std::string& text) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 0 || port > 65535) {
    throw std::invalid_argument("--port must be a number from 0 to 65535");
  }
  return port;
}

gh_standin::Behaviour parse_mode(const std::string& text) {
  const auto behaviour = gh_standin::parse_behaviour(text);
  if (!behaviour) throw std::invalid_argument("--mode '" + text + "' is unknown");
  return *behaviour;
}

Settings parse(int argc, char** argv) {
  std::map<std::string, std::string> given = {
      {"--user", "octocat"}, {"--mode", "approve"},   {"--port", "9100"}, {"--host", "127.0.0.1"},
      {"--client-id", ""},   {"--client-secret", ""}, {"--callback", ""}};
  for (int i = 1; i < argc; i += 2) {
    const auto option = given.find(argv[i]);
    if (option == given.end()) throw std::invalid_argument(std::string("unknown option ") + argv[i]);
    if (i + 1 == argc) throw std::invalid_argument(option->first + " needs a value");
    option->second = argv[i + 1];
  }
  for (const char* needed : {"--client-id", "--client-secret", "--callback"}) {
    if (given[needed].empty()) throw std::invalid_argument(std::string(needed) + " is missing");
  }
  return {{.client_id = given["--client-id"],
           .client_secret = given["--client-secret"],
           .callback = given["--callback"],
           .user = given["--user"],
           .behaviour = parse_mode(given["--mode"])},
          given["--host"],
          parse_port(given["--port"])};
}

int serve(Settings settings) {
  const SystemClock clock;
  SystemRandom random;
  gh_standin::Standin standin(std::move(settings.standin), clock, random);
  GuardedServer http;
  mount(http, standin.routes());
  if (settings.port == 0) {
    settings.port = http.bind_to_any_port(settings.host);
  } else if (!http.bind_to_port(settings.host, settings.port)) {
    settings.port = -1;
  }
  if (settings.port <= 0) {
    std::cerr << "error: cannot listen on " << settings.host << ": is the port in use?\n";
    return 1;
  }
  std::cout << "gh-standin listens on " << settings.host << ":" << settings.port << std::endl;
  return http.listen_after_bind() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<Settings> settings;
  try {
    settings = parse(argc, argv);
  } catch (const std::invalid_argument& e) {
    std::cerr << "error: " << e.what() << '\n' << kUsage;
    return 2;
  }
  try {
    return serve(*std::move(settings));
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
}
