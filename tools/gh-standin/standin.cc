#include "standin.h"

#include "answers.h"

namespace authplane::gh_standin {
namespace {

constexpr const char* kKinds[] = {"authorize", "token", "api", "revoke", "hop"};

// The token of `Authorization: Bearer ...` or, as GitHub also takes it, `token ...`.
std::string credential(const HttpRequest& request) {
  const auto value = std::string(request.headers.get("Authorization").value_or(""));
  for (const std::string_view scheme : {"Bearer ", "bearer ", "token "}) {
    if (value.starts_with(scheme)) return value.substr(scheme.size());
  }
  return "";
}

nlohmann::json repository(const std::string& owner, const std::string& name, int id) {
  return {{"id", id}, {"name", name}, {"full_name", owner + "/" + name}, {"private", false}};
}

}  // namespace

Standin::Standin(Options options, const Clock& clock, Random& random)
    : options_(std::move(options)), mode_(options_.behaviour), ledger_(clock, random) {}

std::vector<HttpRoute> Standin::routes() {
  const auto route = [this](const char* path, HttpResponse (Standin::*endpoint)(const HttpRequest&)) {
    return HttpRoute{path,
                     [this, endpoint](const HttpRequest& request) { return (this->*endpoint)(request); }};
  };
  std::vector<HttpRoute> routes = {route("/login/oauth/authorize", &Standin::authorize),
                                   route("/login/oauth/access_token", &Standin::token),
                                   route("/login/oauth/revoke", &Standin::revoke),
                                   route("/user", &Standin::api),
                                   route("/user/repos", &Standin::api),
                                   route("/_hop", &Standin::hop)};
  for (const char* path :
       {"/_control/health", "/_control/requests", "/_control/mode", "/_control/expire", "/_control/reset"}) {
    routes.push_back(route(path, &Standin::control));
  }
  return routes;
}

void Standin::release() {
  std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

void Standin::set_mode(Behaviour behaviour, bool once) {
  std::lock_guard lock(mutex_);
  mode_.set(behaviour, once);
}

void Standin::expire_access_tokens() {
  std::lock_guard lock(mutex_);
  ledger_.expire_access_tokens();
}

nlohmann::json Standin::requests() const {
  std::lock_guard lock(mutex_);
  auto all = nlohmann::json::object();
  for (const char* kind : kKinds) {
    auto& rows = all[kind] = nlohmann::json::array();
    const auto found = seen_.find(kind);
    if (found == seen_.end()) continue;
    for (const auto& row : found->second) rows.push_back(*row);
  }
  return all;
}

std::vector<std::string> Standin::secrets() const {
  std::lock_guard lock(mutex_);
  auto secrets = ledger_.given_out();
  secrets.insert(secrets.end(), verifiers_.begin(), verifiers_.end());
  secrets.push_back(options_.client_secret);
  return secrets;
}

HttpResponse Standin::api(const HttpRequest& request) {
  if (request.method != "GET") return wrong_method("GET");
  const std::string path(request.path());
  std::lock_guard lock(mutex_);
  const auto scopes = ledger_.scopes_of(credential(request));
  const Row row = record("api", {{"path", path}, {"token", {{"match", scopes.has_value()}}}});
  auto answer = [&]() -> HttpResponse {
    if (!scopes) return json_answer(401, {{"message", "Bad credentials"}});
    if (path == "/user") return json_answer(200, {{"login", options_.user}, {"id", 1}});
    if (!scopes->contains("repo")) {
      return json_answer(403, {{"message", "Resource not accessible by this token: needs the scope repo"}});
    }
    return json_answer(
        200, {repository(options_.user, "hello-world", 1), repository(options_.user, "linguist", 2)});
  }();
  if (scopes) answer.headers.add("X-OAuth-Scopes", scopes->to_string());
  (*row)["status"] = answer.status;
  return answer;
}

// Where redirect_hop points: a client that follows gets what it wants, so that nobody can miss it.
HttpResponse Standin::hop(const HttpRequest& request) {
  std::lock_guard lock(mutex_);
  record("hop", {{"method", request.method}});
  const auto tokens = ledger_.open(ScopeSet::split("repo"), true);
  return token_answer(200,
                      {{"access_token", tokens.access_token},
                       {"token_type", "bearer"},
                       {"scope", "repo"},
                       {"refresh_token", tokens.refresh_token}},
                      true);
}

HttpResponse Standin::control(const HttpRequest& request) {
  const auto path = request.path();
  const bool reads = path == "/_control/health" || path == "/_control/requests";
  if (request.method != (reads ? "GET" : "POST")) return wrong_method(reads ? "GET" : "POST");
  if (path == "/_control/health") return json_answer(200, {{"status", "ok"}});
  if (path == "/_control/requests") return json_answer(200, requests());
  if (path == "/_control/mode") return change_mode(request.body);
  if (path == "/_control/expire") {
    expire_access_tokens();
  } else {
    std::lock_guard lock(mutex_);
    ledger_.forget();
    seen_.clear();
    mode_.reset();
    ++resets_;
    changed_.notify_all();
  }
  return json_answer(200, {{"status", "ok"}});
}

HttpResponse Standin::change_mode(const std::string& body) {
  const auto wanted = nlohmann::json::parse(body, nullptr, false);
  const bool readable = wanted.is_object() && wanted.contains("mode") && wanted["mode"].is_string() &&
                        (!wanted.contains("once") || wanted["once"].is_boolean());
  const auto behaviour = readable ? parse_behaviour(wanted["mode"].get<std::string>()) : std::nullopt;
  if (!behaviour)
    return json_answer(400, {{"message", R"(expected {"mode": a mode, "once": true or false})"}});
  set_mode(*behaviour, wanted.value("once", false));
  return json_answer(200, {{"mode", to_string(*behaviour)}});
}

Standin::Row Standin::record(const std::string& kind, nlohmann::json row) {
  return seen_[kind].emplace_back(std::make_shared<nlohmann::json>(std::move(row)));
}

}  // namespace authplane::gh_standin
