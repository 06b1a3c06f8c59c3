#include "authserver/pages/consent_page.h"

#include "authserver/identity/redirect_uri.h"
#include "authserver/pages/frame.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxName = 80;
constexpr std::size_t kMaxIdentifier = 200;
constexpr std::size_t kMaxDescription = 300;

// Who vouches for the name of the client.
void add_source(Html& html, const ConsentPage& page) {
  switch (page.source) {
    case RegistrationSource::admin:
      html.markup("Registered by the operator of this server");
      return;
    case RegistrationSource::dcr:
      html.markup("Registered itself; its name has not been checked by anyone");
      return;
    case RegistrationSource::cimd:
      break;
  }
  const auto url = Url::parse(page.cimd_url);
  html.markup("Describes itself in a document at <strong>");
  html.text(url ? std::string_view(url->host()) : std::string_view("an unknown host")).markup("</strong>");
}

void add_client(Html& html, const ConsentPage& page) {
  const std::string& name = page.client_name.empty() ? page.client_id : page.client_name;
  html.markup("<p><strong><bdi>").text(shorten(name, kMaxName)).markup("</bdi></strong> asks for access ");
  if (page.resource_name.empty()) {
    html.markup("in your name.</p>\n");
  } else {
    html.markup("to <strong><bdi>").text(shorten(page.resource_name, kMaxName));
    html.markup("</bdi></strong> in your name.</p>\n");
  }
}

void add_destination(Html& html, const ConsentPage& page) {
  html.markup("<section class=\"box\" aria-labelledby=\"destination\">\n<h2 id=\"destination\">");
  html.markup("Your answer will be sent to</h2>\n<p class=\"host\">");
  html.text(page.redirect_uri.authority()).markup("</p>\n</section>\n");
  if (!is_loopback_host(page.redirect_uri)) return;
  html.markup(
      "<div class=\"box warning\"><p><strong>This is an address on your own device.</strong> Any program ");
  html.markup(
      "running there could be asking. Continue only if you have just started this yourself.</p></div>\n");
}

void add_details(Html& html, const ConsentPage& page) {
  html.markup("<dl>\n<dt>Application id</dt>\n<dd><code>").text(shorten(page.client_id, kMaxIdentifier));
  html.markup("</code></dd>\n<dt>Where it comes from</dt>\n<dd>");
  add_source(html, page);
  html.markup("</dd>\n");
  if (!page.resource_slug.empty()) {
    html.markup("<dt>Resource</dt>\n<dd><code>").text(shorten(page.resource_slug, kMaxIdentifier));
    html.markup("</code></dd>\n");
  }
  html.markup("</dl>\n");
}

void add_scope(Html& html, const ConsentPage::Scope& scope) {
  html.markup("<label class=\"scope\"><input type=\"checkbox\" name=\"scopes\" checked value=\"")
      .text(scope.name);
  html.markup("\"><span>");
  if (scope.description.empty()) {
    html.markup("<code>").text(scope.name).markup("</code>");
  } else {
    html.text(shorten(scope.description, kMaxDescription))
        .markup("<br><code>")
        .text(scope.name)
        .markup("</code>");
  }
  html.markup("</span></label>\n");
}

void add_form(Html& html, const ConsentPage& page) {
  open_form(html, page.base_path, "/consent");
  html.hidden("session_id", page.session_id).hidden("csrf_token", page.csrf_token);
  html.markup(
      "<fieldset>\n<legend>It may</legend>\n<p class=\"soft\">Clear the boxes of what you do not want to "
      "allow.</p>\n");
  for (const ConsentPage::Scope& scope : page.scopes) add_scope(html, scope);
  // Deny comes first: it is what the Enter key stands for.
  html.markup(
      "</fieldset>\n<div class=\"choice\">\n<button type=\"submit\" name=\"action\" value=\"deny\">Deny");
  html.markup(
      "</button>\n<button class=\"primary\" type=\"submit\" name=\"action\" "
      "value=\"allow\">Allow</button>\n");
  html.markup("</div>\n</form>\n");
}

}  // namespace

std::string render(const ConsentPage& page) {
  Html html = open_page("Allow access?", page.server, false);
  add_client(html, page);
  add_destination(html, page);
  add_details(html, page);
  add_form(html, page);
  add_sign_out(html, page.base_path, page.user);
  return close_page(std::move(html));
}

}  // namespace authplane::authserver
