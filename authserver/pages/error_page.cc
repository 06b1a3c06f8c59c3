#include "authserver/pages/error_page.h"

#include "authserver/pages/frame.h"

namespace authplane::authserver {

std::string render(const ErrorPage& page) {
  Html html = open_page(page.title, page.server, true);
  html.markup("<p>").text(page.explanation).markup("</p>\n");
  for (const ErrorPage::Link& link : page.links) {
    html.markup("<p><a class=\"button\" href=\"").text(link.href).markup("\">").text(link.label);
    html.markup("</a></p>\n");
  }
  if (!page.reference.empty()) {
    html.markup("<p class=\"soft\">When you ask for help, name this reference: <code>").text(page.reference);
    html.markup("</code></p>\n");
  }
  return close_page(std::move(html));
}

}  // namespace authplane::authserver
