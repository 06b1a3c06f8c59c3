// timing [samples]: what the time of an answer tells about secrets and about who exists. Each line compares
// two requests that an attacker can tell apart by time alone, sent in random order to the public API in this
// process: medians, their difference, and Welch's t over the faster nine tenths of each. |t| above 4.5 with a
// difference that grows with nothing else means that they can be told apart here, without a network between.
// The first line compares a request with itself and shows what the machine makes of nothing.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "authserver/http/test_server.h"
#include "authserver/identity/password.h"

namespace {

using namespace authplane;
using namespace authplane::authserver;

using Samples = std::vector<double>;  // microseconds

HttpRequest post(std::string path, const Form& form) {
  return {.method = "POST",
          .target = std::move(path),
          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
          .body = form.encode(),
          .remote_address = "192.0.2.7"};
}

std::string between(std::string_view text, std::string_view start, std::string_view stop) {
  const std::size_t at = text.find(start);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + start.size());
  return std::string(text.substr(0, text.find(stop)));
}

struct Subject {
  Subject() {
    server.config.browser.lockout.max_failures = 0;
    server.add(server.client_named("client-known"));
    server.add(server.resource_named("demo", std::string(kResource), {"mcp:echo"}));
    HashSlots slots(1);
    for (const char* name : {"known", "froze"}) {
      User user;
      user.id = std::string("user-") + name;
      user.email = std::string(name) + "@example.com";
      user.password_hash =
          hash_password("the right password", server.config.browser.passwords, slots, server.random).value();
      user.created_at = user.updated_at = server.clock.now();
      if (user.id == "user-froze") user.status = UserStatus::disabled;
      server.storage.users().insert(user).value();
    }
    server.start();
    const HttpResponse page = server.get("/login");
    cookie = between(page.headers.get("Set-Cookie").value_or(""), "", ";");
    csrf = between(page.body, "name=\"csrf_token\" value=\"", "\"");
  }

  HttpRequest token(const std::string& client, const std::string& secret) const {
    Form form;
    form.add("grant_type", "client_credentials");
    form.add("scope", "mcp:echo");
    form.add("resource", std::string(kResource));
    HttpRequest request = post("/oauth/token", form);
    request.headers.add("Authorization", basic(client, secret));
    return request;
  }
  HttpRequest refresh(const std::string& token) const {
    Form form;
    form.add("grant_type", "refresh_token");
    form.add("client_id", "client-known");
    form.add("refresh_token", token);
    HttpRequest request = post("/oauth/token", form);
    request.headers.add("Authorization", basic("client-known", kSecret));
    return request;
  }
  HttpRequest login(const std::string& email) const {
    Form form;
    form.add("csrf_token", csrf);
    form.add("email", email);
    form.add("password", "the wrong password");
    HttpRequest request = post("/login", form);
    request.headers.add("Cookie", cookie);
    return request;
  }

  double time_of(const HttpRequest& request, int expected) {
    const auto start = std::chrono::steady_clock::now();
    const HttpResponse response = server.send(request);
    const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - start;
    if (response.status != expected) {
      std::fprintf(stderr, "timing: %d instead of %d: %s\n", response.status, expected,
                   response.body.c_str());
      std::exit(1);
    }
    return taken.count();
  }

  TestServer server;
  std::string cookie, csrf;
};

// Sorted, without the slowest tenth: what interrupts the process is no answer's time.
Samples trimmed(Samples samples) {
  std::sort(samples.begin(), samples.end());
  samples.resize(samples.size() * 9 / 10);
  return samples;
}

double mean(const Samples& samples) {
  double sum = 0;
  for (const double sample : samples) sum += sample;
  return sum / static_cast<double>(samples.size());
}

// Of the mean.
double squared_error(const Samples& samples) {
  const double center = mean(samples);
  double sum = 0;
  for (const double sample : samples) sum += (sample - center) * (sample - center);
  const auto n = static_cast<double>(samples.size());
  return sum / (n - 1) / n;
}

void compare(Subject& subject, const char* what, const HttpRequest& one, const HttpRequest& other, int status,
             std::size_t count) {
  std::mt19937 coin(7);
  Samples times[2];
  const HttpRequest* requests[2] = {&one, &other};
  for (std::size_t i = 0; i < 2 * count; ++i) {
    if (i % 1000 == 0) subject.server.logger.clear();
    const std::size_t which = coin() % 2;
    const double taken = subject.time_of(*requests[which], status);
    if (i >= count / 10) times[which].push_back(taken);  // not the first ones: caches fill
  }
  const Samples a = trimmed(std::move(times[0])), b = trimmed(std::move(times[1]));
  const double median_a = a[a.size() * 5 / 9], median_b = b[b.size() * 5 / 9];
  const double t = (mean(a) - mean(b)) / std::sqrt(squared_error(a) + squared_error(b));
  std::printf("%-62s %9.2f %9.2f %+9.3f %+8.1f\n", what, median_a, median_b, median_b - median_a, t);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
  if (count < 100) {
    std::fprintf(stderr, "usage: timing [samples of each request, at least 100]\n");
    return 2;
  }
  Subject subject;
  const std::string right(kSecret);
  std::string first = right, last = right;
  first.front() = 'X';
  last.back() = 'X';
  const HttpRequest wrong = subject.token("client-known", last);

  std::printf("%zu samples each, microseconds\n%-62s %9s %9s %9s %8s\n", count, "", "one", "other", "apart",
              "t");
  compare(subject, "the same request", wrong, wrong, 401, count);
  compare(subject, "client secret: first byte wrong / last byte wrong", subject.token("client-known", first),
          wrong, 401, count);
  // A known client's refusal is audited and an unknown one's is not, which takes a microsecond or two. A
  // client_id is no secret: authorization requests carry it through browsers.
  compare(subject, "client: known, secret wrong / unknown", wrong, subject.token("client-other", last), 401,
          count);
  const std::string token_a(43, 'A');
  std::string token_b = token_a;
  token_b.front() = 'B';
  compare(subject, "refresh token: two unknown ones", subject.refresh(token_a), subject.refresh(token_b), 400,
          count);
  // The password's hash is the cheapest there is, so that what stands around it shows.
  compare(subject, "user: known, password wrong / unknown", subject.login("known@example.com"),
          subject.login("other@example.com"), 422, count);
  compare(subject, "user: known, password wrong / disabled", subject.login("known@example.com"),
          subject.login("froze@example.com"), 422, count);
  return 0;
}
