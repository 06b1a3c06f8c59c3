#include "authserver/pages/connections_page.h"

#include "authserver/pages/frame.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxName = 80;
constexpr std::size_t kMaxOnButton = 40;
constexpr std::size_t kMaxScope = 200;

void add_scopes(Html& html, const std::vector<std::string>& scopes) {
  html.markup("<dt>It allows</dt>\n<dd>");
  if (scopes.empty()) html.markup("The provider did not say");
  bool first = true;
  for (const std::string& scope : scopes) {
    if (!first) html.markup(" ");
    first = false;
    html.markup("<code>").text(shorten(scope, kMaxScope)).markup("</code>");
  }
  html.markup("</dd>\n");
}

void add_connection(Html& html, const ConnectionsPage& page, const ConnectionsPage::Connection& connection) {
  const std::string& name =
      connection.provider_name.empty() ? connection.provider_slug : connection.provider_name;
  html.markup("<section class=\"box\">\n<h2><bdi>")
      .text(shorten(name, kMaxName))
      .markup("</bdi></h2>\n<dl>\n");
  add_scopes(html, connection.scopes);
  html.markup("<dt>Since</dt>\n<dd>").text(connection.connected_on).markup("</dd>\n</dl>\n");
  open_form(html, page.base_path, "/connections");
  html.hidden("csrf_token", page.csrf_token).hidden("provider", connection.provider_slug);
  html.markup("<button type=\"submit\">Disconnect <bdi>").text(shorten(name, kMaxOnButton));
  html.markup("</bdi></button>\n</form>\n</section>\n");
}

}  // namespace

std::string render(const ConnectionsPage& page) {
  Html html = open_page("Connected accounts", page.server, false);
  if (page.connections.empty()) {
    html.markup("<p>You have connected no account. An application that needs one brings you here.</p>\n");
  } else {
    html.markup(
        "<p>Applications that you allowed to act for you use these accounts. They never see your "
        "passwords.</p>\n");
  }
  for (const ConnectionsPage::Connection& connection : page.connections)
    add_connection(html, page, connection);
  add_sign_out(html, page.base_path, page.user);
  return close_page(std::move(html));
}

}  // namespace authplane::authserver
