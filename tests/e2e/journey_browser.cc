#include "journey_browser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "authserver/http_beast/test_client.h"

namespace authplane::e2e {
namespace {

constexpr int kMostSteps = 10;

std::string unescape(std::string_view html) {
  static constexpr std::array<std::pair<std::string_view, char>, 6> entities = {
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&#96;", '`'}}};
  std::string text;
  while (!html.empty()) {
    const auto* known = std::find_if(entities.begin(), entities.end(),
                                     [&](const auto& entity) { return html.starts_with(entity.first); });
    text += known != entities.end() ? known->second : html.front();
    html.remove_prefix(known != entities.end() ? known->first.size() : 1);
  }
  return text;
}

// The part between `open` and `close`, and `rest` moved behind it; nullopt when there is none.
std::optional<std::string_view> next_between(std::string_view& rest, std::string_view open,
                                             std::string_view close) {
  const auto start = rest.find(open);
  if (start == std::string_view::npos) return std::nullopt;
  const auto end = rest.find(close, start + open.size());
  if (end == std::string_view::npos) return std::nullopt;
  const auto part = rest.substr(start + open.size(), end - start - open.size());
  rest.remove_prefix(end + close.size());
  return part;
}

std::optional<std::string> attribute(std::string_view tag, const std::string& name) {
  const auto value = next_between(tag, " " + name + "=\"", "\"");
  return value ? std::optional(unescape(*value)) : std::nullopt;
}

bool has_word(std::string_view tag, std::string_view word) {
  return (std::string(tag) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

PageForm read_form(std::string_view html) {
  PageForm form;
  form.action = attribute(html.substr(0, html.find('>')), "action").value_or("");
  for (auto rest = html; const auto tag = next_between(rest, "<input", ">");) {
    if (attribute(*tag, "type") == "checkbox" && !has_word(*tag, "checked")) continue;
    form.fields.add(attribute(*tag, "name").value_or(""), attribute(*tag, "value").value_or(""));
  }
  for (auto rest = html; const auto tag = next_between(rest, "<button", ">");) {
    if (attribute(*tag, "name") == "action") form.buttons.push_back(attribute(*tag, "value").value_or(""));
  }
  return form;
}

std::vector<PageForm> read_forms(std::string_view html) {
  std::vector<PageForm> forms;
  while (const auto part = next_between(html, "<form", "</form>")) forms.push_back(read_form(*part));
  return forms;
}

Form with(const Form& fields, const std::map<std::string, std::string>& typed) {
  Form filled;
  for (const auto& [name, value] : fields.fields()) {
    const auto found = typed.find(name);
    filled.add(name, found != typed.end() ? found->second : value);
  }
  return filled;
}

// As the bytes come: HTTP libraries may decode fields, and the address in Location must not be.
Reply exchange(const std::string& method, const Url& url, const Headers& headers, const std::string& body) {
  std::string request = method + " " + url.request_target() + " HTTP/1.1\r\nHost: " + url.authority() +
                        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  http_beast::TestClient client(url.port());
  client.send(request + "\r\n" + body);
  const std::string response = client.response();
  const std::string_view whole = response;
  Reply reply{.status = http_beast::TestClient::status_of(response), .headers = {}, .body = ""};
  std::size_t line = whole.find("\r\n") + 2;
  for (std::size_t end; (end = whole.find("\r\n", line)) != std::string_view::npos; line = end + 2) {
    const auto field = whole.substr(line, end - line);
    if (field.empty()) {
      reply.body = whole.substr(end + 2);
      break;
    }
    const auto colon = field.find(": ");
    reply.headers.add(std::string(field.substr(0, colon)), std::string(field.substr(colon + 2)));
  }
  return reply;
}

}  // namespace

Form Page::parameters() const {
  const auto parsed = Url::parse(url);
  return parsed ? Form::parse(parsed->query()).value() : Form();
}

std::string Page::parameter(std::string_view name) const {
  return std::string(parameters().get(name).value_or(""));
}

PageForm Page::form(const std::string& path_of_action) const {
  for (const auto& form : forms) {
    if (form.action == path_of_action) return form;
  }
  ADD_FAILURE() << "no form for " << path_of_action << " at " << url << " (" << reply.status << "):\n"
                << reply.body;
  return {};
}

Page ScriptedBrowser::open(const std::string& url) {
  return send("GET", url, "");
}

Page ScriptedBrowser::submit(const Page& from, const PageForm& form) {
  EXPECT_FALSE(from.left) << "there is nothing to fill in at " << from.url;
  return send("POST", origin_ + form.action, form.fields.encode());
}

Page ScriptedBrowser::sign_in(const Page& from, const Person& person) {
  PageForm form = from.form("/login");
  form.fields = with(form.fields, {{"email", person.email}, {"password", person.password}});
  return submit(from, form);
}

Page ScriptedBrowser::decide(const Page& from, const Decision& decision) {
  PageForm form = from.form("/consent");
  EXPECT_EQ(std::count(form.buttons.begin(), form.buttons.end(), decision.action), 1);
  Form answers;
  for (const auto& [name, value] : form.fields.fields()) {
    const bool cleared =
        name == "scopes" && std::count(decision.without.begin(), decision.without.end(), value);
    if (!cleared) answers.add(name, value);
  }
  answers.add("action", decision.action);
  form.fields = std::move(answers);
  return submit(from, form);
}

Page ScriptedBrowser::authorize(const std::string& url, const Person& person, const Decision& decision) {
  Page page = open(url);
  if (page.path == "/login") page = sign_in(page, person);
  if (page.path == "/consent") page = decide(page, decision);
  EXPECT_TRUE(page.left) << "still at " << page.url << " (" << page.reply.status << "):\n" << page.reply.body;
  return page;
}

Page ScriptedBrowser::send(std::string method, std::string url, std::string body) {
  for (int step = 0; step < kMostSteps; ++step) {
    Headers headers = with_cookies();
    if (method == "POST") {
      headers.add("Content-Type", "application/x-www-form-urlencoded");
      headers.add("Origin", origin_);
    }
    Page page;
    page.reply = exchange(method, Url::parse(url).value(), headers, body);
    page.url = url;
    keep_cookies(page.reply.headers);
    if (page.reply.status != 302 && page.reply.status != 303) {
      page.path = Url::parse(url).value().path();
      page.forms = read_forms(page.reply.body);
      for (const auto& form : page.forms) {
        if (form.has("csrf_token")) secrets_.emplace_back(*form.fields.get("csrf_token"));
      }
      pages_.push_back(page.path);
      return page;
    }
    const auto target = page.reply.header("Location");
    page.url = target.starts_with("/") ? origin_ + target : target;
    page.left = !page.url.starts_with(origin_ + "/");
    if (page.left) return page;
    method = "GET", url = page.url, body.clear();
  }
  ADD_FAILURE() << "redirects without end at " << url;
  return {};
}

Reply ScriptedBrowser::fetch(const std::string& method, const std::string& url) const {
  Headers headers = with_cookies();
  headers.add("Accept", "application/json");
  headers.add("Origin", origin_);
  return exchange(method, Url::parse(url).value(), headers, "");
}

Headers ScriptedBrowser::with_cookies() const {
  std::string pairs;
  for (const auto& [name, value] : cookies_) pairs += (pairs.empty() ? "" : "; ") + name + "=" + value;
  return pairs.empty() ? Headers() : Headers{{"Cookie", pairs}};
}

void ScriptedBrowser::keep_cookies(const Headers& headers) {
  for (const std::string_view field : headers.all("Set-Cookie")) {
    const auto pair = field.substr(0, field.find(';'));
    const std::string name(pair.substr(0, pair.find('='))), value(pair.substr(pair.find('=') + 1));
    EXPECT_NE(field.find("; HttpOnly"), std::string_view::npos) << "a script could read the cookie " << name;
    if (field.find("; Max-Age=0;") != std::string_view::npos) {
      cookies_.erase(name);
    } else {
      cookies_[name] = value;
      secrets_.push_back(value);
    }
  }
}

}  // namespace authplane::e2e
