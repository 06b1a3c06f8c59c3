#include "authserver/http/connect_endpoint.h"

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>

#include "authserver/federation/pending_sign_in.h"
#include "authserver/http/login_endpoint.h"
#include "authserver/sealing/owner.h"

namespace authplane::authserver {
namespace {

using Code = OAuthErrorCode;

constexpr std::size_t kVerifierBytes = 32;
constexpr std::size_t kMaxCode = 4096;
constexpr std::size_t kMaxErrorWord = 64;
constexpr std::string_view kRetryAfter = "5";  // seconds

// The key an operator has to set, "" when everything is there.
std::string what_is_missing(const ConnectTools& tools) {
  if (tools.state_secret == nullptr) return "connect.state_secret";
  return tools.sealer == nullptr || tools.broker == nullptr ? "data_encryption.driver" : "";
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// The list of connections of this server is always a good end.
std::vector<std::string> allowed_return_urls(const ConnectOptions& options, const std::string& base_url,
                                             const Site& site) {
  std::vector<std::string> urls = options.allowed_return_urls;
  for (const std::string& own : {base_url, without_slash(site.issuer)}) urls.push_back(own + "/connections");
  return urls;
}

// Everything the resource offers: whoever has to connect an account does so once.
ScopeSet upstream_scopes(const Resource& resource) {
  return upstream_names(resource, resource.scope_names());
}

// 302, as everything that leads to a provider or back.
HttpResponse found(std::string location) {
  HttpResponse response = go_to(std::move(location));
  response.status = 302;
  return response;
}

const std::string& name_of(const BrokerProvider& provider) {
  return provider.display_name.empty() ? provider.slug : provider.display_name;
}

ErrorPages::Content not_this_one() {
  return {.status = 400,
          .title = "This account cannot be connected now",
          .explanation =
              "The link is incomplete, was used before, or is older than ten minutes. Go back to the "
              "application and start again."};
}

ErrorPages::Content store_trouble() {
  return {
      .status = 500,
      .title = "The account was not connected",
      .explanation = "The server failed to complete this. Go back to the application and try again later."};
}

ErrorPages::Content busy(const std::string& provider, std::string same_again) {
  return {.status = 503,
          .title = "The server is busy",
          .explanation =
              "Nothing was connected yet, and nothing is lost. Try again in a moment to finish "
              "connecting " +
              provider + ".",
          .ways = {{"Try again", std::move(same_again)}}};
}

}  // namespace

ConnectEndpoint::ConnectEndpoint(const ConnectOptions& options, const ConnectTools& tools, const Deps& deps)
    : base_url_(
          without_slash(options.redirect_base_url.empty() ? deps.site.issuer : options.redirect_base_url)),
      max_age_(options.max_age),
      tools_(tools),
      deps_(deps),
      keys_(tools.state_secret != nullptr ? tools.state_secret->clone() : SecretString()),
      requests_(allowed_return_urls(options, base_url_, deps.site),
                {.resources = deps.resources, .providers = deps.providers}) {}

std::string ConnectEndpoint::callback_url(std::string_view provider_slug) const {
  return base_url_ + "/connect/" + std::string(provider_slug) + "/callback";
}

HttpResponse ConnectEndpoint::not_configured_json() const {
  deps_.logger.error("an account cannot be connected: connecting is not configured",
                     {{"missing", what_is_missing(tools_)}});
  return oauth_error_response({Code::service_unavailable,
                               "connecting accounts is not configured on this server: it takes "
                               "connect.state_secret and data_encryption.driver"});
}

HttpResponse ConnectEndpoint::start(const HttpRequest& request, const std::string& provider_slug) const {
  if (!what_is_missing(tools_).empty()) return not_configured_json();
  const auto query = Form::parse(request.query());
  if (!query) return oauth_error_response({Code::invalid_request, "the query is not a well-formed form"});
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) {
    auto login = login_first(deps_.site, "/connect/" + percent_encode(provider_slug) + "?" + query->encode());
    if (!login) return oauth_error_response({Code::invalid_request, "the request is too long"});
    login->status = 302;
    if (session.is_stale) login->headers.add("Set-Cookie", deps_.sessions.end());
    return std::move(*login);
  }
  const auto checked = requests_.check(provider_slug, *query);
  if (checked) return begin(*checked, session.user->user_id);
  deps_.logger.warn("connecting an account refused",
                    {{"error", row_of(checked.error().error.code).error}, {"cause", checked.error().reason}});
  return oauth_error_response(checked.error().error);
}

HttpResponse ConnectEndpoint::begin(const ConnectRequest& request, const std::string& user_id) const {
  const BrokerProvider& provider = request.provider;
  const auto refuse = [&](Code code, std::string description, std::string_view cause) {
    deps_.logger.error("an account cannot be connected", {{"provider", provider.slug}, {"cause", cause}});
    return oauth_error_response({code, std::move(description)});
  };
  const auto upstream = tools_.broker->open_provider(provider);
  if (!upstream) {
    return refuse(Code::server_error, "the provider is not configured in a way that can be used",
                  upstream.error());
  }
  const ConnectState state = ConnectState::make(
      keys_, {.user_id = user_id, .provider_id = provider.id, .return_url = request.return_url},
      deps_.clock.now_seconds(), deps_.random);
  const SecretString verifier(deps_.random.token(kVerifierBytes));
  const auto sealed = tools_.sealer->seal(verifier.expose(), pending_connect_owner(user_id, provider.id));
  if (!sealed) return refuse(Code::server_error, "the server failed to begin", sealed.error().detail);
  const ScopeSet scopes = upstream_scopes(*request.resource);
  const auto begun = deps_.grants.begin({.id = state.id(),
                                         .user_id = user_id,
                                         .provider_id = provider.id,
                                         .resource_id = request.resource->id,
                                         .code_verifier = *sealed,
                                         .return_url = request.return_url,
                                         .scopes = scopes,
                                         .expires_at = deps_.clock.now() + max_age_});
  if (!begun) {
    const bool may_help = begun.error().code == DomainErrorCode::unavailable;
    return refuse(may_help ? Code::temporarily_unavailable : Code::server_error,
                  may_help ? "the server is busy; try again" : "the server failed to begin",
                  begun.error().detail);
  }
  return found(authorization_url(*upstream, callback_url(provider.slug), scopes, state.text(),
                                 code_challenge(verifier.expose())));
}

void ConnectEndpoint::callback(const HttpRequest& request, const std::string& provider_slug,
                               Respond respond) const {
  const std::string missing = what_is_missing(tools_);
  if (!missing.empty()) {
    return respond(show({{.status = 503,
                          .title = "No accounts can be connected here",
                          .explanation = "The operator of this server has not set this up."},
                         "connecting is not configured: missing " + missing}));
  }
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  auto returned = accept(request, provider_slug, session.user ? session.user->user_id : "");
  if (!returned) {
    HttpResponse response = show(returned.error());
    if (response.status == 503) response.headers.add("Retry-After", std::string(kRetryAfter));
    return respond(std::move(response));
  }
  redeem(std::make_shared<const Returned>(std::move(*returned)), request.remote_address, std::move(respond));
}

Result<ConnectEndpoint::Returned, ConnectEndpoint::Refusal> ConnectEndpoint::accept(
    const HttpRequest& request, const std::string& provider_slug, const std::string& user_id) const {
  const auto refuse = [](ErrorPages::Content page, std::string cause) {
    return Err(Refusal{std::move(page), std::move(cause)});
  };
  const auto query = Form::parse(request.query());
  const std::string_view state = query ? query->get("state").value_or("") : "";
  const std::string_view code = query ? query->get("code").value_or("") : "";
  const bool is_error = query && query->count("error") != 0;
  if (state.empty()) return refuse(not_this_one(), "callback without state, or with several");
  if ((code.empty() && !is_error) || code.size() > kMaxCode)
    return refuse(not_this_one(), "callback without code, with several, or with one too long");
  if (user_id.empty()) {
    return refuse({.status = 403,
                   .title = "You are not signed in",
                   .explanation = "Nothing was connected. Sign in, then start again from the application."},
                  "callback of a provider without session");
  }
  auto provider = deps_.providers.find_by_slug(provider_slug);
  if (!provider) return refuse(store_trouble(), provider.error().detail);
  if (!*provider) return refuse(not_this_one(), "callback for a provider that does not exist");
  const auto opened = check_state(state, **provider, user_id);
  if (!opened) return Err(opened.error());
  // Before the state is spent.
  auto place = is_error ? nullptr : tools_.broker->reserve_connection((*provider)->id, user_id);
  if (!is_error && place == nullptr) {
    return refuse(busy(name_of(**provider), deps_.site.base_path + "/connect/" + (*provider)->slug +
                                                "/callback?" + query->encode()),
                  "too many accounts are being connected, of provider " + (*provider)->slug +
                      ", of this user or in all, or the server is stopping");
  }
  auto pending = take_pending(*opened, **provider, user_id);
  if (!pending) return Err(std::move(pending).error());
  if (is_error) {
    const std::string word = header_safe(query->get("error").value_or("").substr(0, kMaxErrorWord));
    return refuse(
        {.status = 400,
         .title = "The account was not connected",
         .explanation = "It was cancelled or refused at " + name_of(**provider) + ". Nothing was stored.",
         .ways = ways_on(**provider, *pending)},
        "provider " + (*provider)->slug + " answered with error '" + word + "'");
  }
  return Returned{std::move(**provider), std::move(*pending), std::string(code), std::move(place)};
}

// Everything that can be checked before the row is taken away: nobody but this user with this very state can
// do that.
Result<ConnectState, ConnectEndpoint::Refusal> ConnectEndpoint::check_state(
    std::string_view state, const BrokerProvider& provider, const std::string& user_id) const {
  const auto stale = [](std::string cause) { return Err(Refusal{not_this_one(), std::move(cause)}); };
  auto opened = ConnectState::open(keys_, state, user_id, provider.id, deps_.clock.now_seconds(), max_age_);
  if (!opened) {
    switch (opened.error()) {
      case ConnectStateFault::forged:
        return stale(
            "state was not made by this server for this provider with its present connect.state_secret");
      case ConnectStateFault::expired:
        return stale("state is too old");
      case ConnectStateFault::of_another_user:
        return Err(
            Refusal{{.status = 403,
                     .title = "This is not yours to finish",
                     .explanation = "It was begun by somebody who is signed in as another user. Nothing was "
                                    "connected. Start again from the application."},
                    "state of another user"});
    }
  }
  return std::move(*opened);
}

Result<PendingConnect, ConnectEndpoint::Refusal> ConnectEndpoint::take_pending(
    const ConnectState& state, const BrokerProvider& provider, const std::string& user_id) const {
  const auto stale = [](std::string cause) { return Err(Refusal{not_this_one(), std::move(cause)}); };
  auto pending = deps_.grants.finish(state.id(), deps_.clock.now());
  if (!pending) return Err(Refusal{store_trouble(), pending.error().detail});
  if (!*pending) return stale("state is not known, or was used before");
  if ((*pending)->user_id != user_id || (*pending)->provider_id != provider.id ||
      !state.leads_to(keys_, (*pending)->return_url)) {
    return stale("what is stored under the state does not belong to it");
  }
  return std::move(**pending);
}

void ConnectEndpoint::redeem(std::shared_ptr<const Returned> returned, const std::string& address,
                             Respond respond) const {
  const PendingConnect& pending = returned->pending;
  auto verifier =
      tools_.sealer->open(pending.code_verifier, pending_connect_owner(pending.user_id, pending.provider_id));
  if (!verifier)
    return respond(failed(*returned, "the code verifier cannot be opened: " + verifier.error().detail));
  tools_.broker->connect(
      returned->place,
      {.user_id = pending.user_id,
       .provider_id = pending.provider_id,
       .code = SecretString(returned->code),
       .code_verifier = std::move(verifier->text),
       .redirect_uri = callback_url(returned->provider.slug),
       .scopes = pending.scopes},
      [this, returned, address, respond](const Result<BrokerGrant, UpstreamRefusal>& grant) {
        respond(finish(*returned, address, grant));
      });
}

// Runs on threads that catch nothing.
HttpResponse ConnectEndpoint::finish(const Returned& returned, const std::string& address,
                                     const Result<BrokerGrant, UpstreamRefusal>& grant) const {
  try {
    if (!grant) return failed(returned, grant.error().detail);
    const std::string& provider = returned.provider.slug;
    deps_.audit.record(
        "broker_grant.created", {.id = grant->user_id, .ip = address}, "",
        audit_detail(
            {{"provider", provider}, {"grant_id", grant->id}, {"version", std::to_string(grant->version)}}));
    deps_.metrics.counter("authserver_connection_connect_total", {{"provider", provider}}).add();
    return found(returned.pending.return_url);
  } catch (const std::exception& e) {
    return failed(returned, std::string("unexpected failure after an account was connected: ") + e.what());
  }
}

HttpResponse ConnectEndpoint::failed(const Returned& returned, std::string_view cause) const {
  const std::string& provider = name_of(returned.provider);
  return deps_.errors.show({.status = 500,
                            .title = "The account was not connected",
                            .explanation = "Connecting " + provider +
                                           " failed to complete. Try again; if that does not help, tell the "
                                           "operator of this server the reference below.",
                            .ways = ways_on(returned.provider, returned.pending)},
                           cause);
}

std::vector<ErrorPages::Way> ConnectEndpoint::ways_on(const BrokerProvider& provider,
                                                      const PendingConnect& pending) const {
  Form again;
  if (const auto catalog = deps_.resources.catalog()) {
    if (const ResourcePtr resource = (*catalog)->find_by_id(pending.resource_id))
      again.add("resource", resource->slug);
  }
  again.add("return_url", pending.return_url);
  std::vector<ErrorPages::Way> ways = {
      {"Try again", deps_.site.base_path + "/connect/" + provider.slug + "?" + again.encode()}};
  // The operator may allow schemes of native applications, which are for redirects only.
  const auto back = Url::parse(pending.return_url);
  if (back && (back->scheme() == "https" || back->scheme() == "http"))
    ways.push_back({"Back to " + back->authority(), pending.return_url});
  return ways;
}

}  // namespace authplane::authserver
