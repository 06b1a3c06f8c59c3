#include "authserver/pages/login_page.h"

#include <authplane/base/encoding.h>

#include "authserver/pages/frame.h"

namespace authplane::authserver {
namespace {

void add_form(Html& html, const LoginPage& page) {
  const bool failed = !page.problem.empty();
  open_form(html, page.base_path, "/login");
  html.hidden("csrf_token", page.csrf_token).hidden("redirect", page.redirect);
  html.markup("<label for=\"email\">Email</label>\n<input id=\"email\" name=\"email\" type=\"email\" ");
  html.markup(
      "autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"254\" required");
  if (failed) html.markup(" aria-invalid=\"true\" aria-describedby=\"problem\"");
  if (page.email.empty()) html.markup(" autofocus");
  html.markup(" value=\"").text(page.email).markup("\">\n");
  html.markup("<label for=\"password\">Password</label>\n<input id=\"password\" name=\"password\" ");
  html.markup("type=\"password\" autocomplete=\"current-password\" required");
  if (failed) html.markup(" aria-invalid=\"true\" aria-describedby=\"problem\"");
  if (!page.email.empty()) html.markup(" autofocus");
  html.markup(">\n<button class=\"primary\" type=\"submit\">Sign in</button>\n</form>\n");
}

void add_provider(Html& html, const LoginPage& page) {
  if (page.local_login) html.markup("<p class=\"or\">or</p>\n");
  html.markup("<a class=\"button\" href=\"")
      .text(page.base_path)
      .markup("/oidc/start?redirect=")
      .text(percent_encode(page.redirect));
  html.markup("\">Continue with ").text(shorten(page.provider, 60)).markup("</a>\n");
}

}  // namespace

std::string render(const LoginPage& page) {
  Html html = open_page("Sign in", page.server, !page.problem.empty());
  add_problem(html, page.problem);
  if (page.local_login) add_form(html, page);
  if (!page.provider.empty()) add_provider(html, page);
  return close_page(std::move(html));
}

}  // namespace authplane::authserver
