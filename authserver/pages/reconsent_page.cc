#include "authserver/pages/reconsent_page.h"

#include "authserver/pages/frame.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxName = 80;
constexpr std::size_t kMaxIdentifier = 200;
constexpr std::size_t kMaxDescription = 300;

void add_scopes(Html& html, const std::vector<ReconsentPage::Scope>& scopes) {
  if (scopes.empty()) return;
  html.markup(
      "<section class=\"box\" aria-labelledby=\"scopes\">\n<h2 id=\"scopes\">What it needs</h2>\n<ul>\n");
  for (const ReconsentPage::Scope& scope : scopes) {
    html.markup("<li>");
    if (!scope.description.empty()) html.text(shorten(scope.description, kMaxDescription)).markup("<br>");
    html.markup("<code>").text(shorten(scope.name, kMaxIdentifier)).markup("</code></li>\n");
  }
  html.markup("</ul>\n</section>\n");
}

}  // namespace

std::string render(const ReconsentPage& page) {
  const std::string& name = page.resource_name.empty() ? page.resource_slug : page.resource_name;
  Html html = open_page("Your consent is needed", page.server, false);
  html.markup("<p>An application could not go on: you have not allowed it to use <strong><bdi>");
  html.text(shorten(name, kMaxName)).markup("</bdi></strong> in your name, or not for all it needs.</p>\n");
  add_scopes(html, page.scopes);
  html.markup(
      "<p><strong>Go back to the application and start again from there.</strong> It brings you to a ");
  html.markup("page of this server that says who asks and for what, and you decide.</p>\n");
  html.markup("<p class=\"soft\">Nothing was allowed by opening this page. Resource: <code>");
  html.text(shorten(page.resource_slug, kMaxIdentifier)).markup("</code></p>\n");
  add_sign_out(html, page.base_path, page.user);
  return close_page(std::move(html));
}

}  // namespace authplane::authserver
