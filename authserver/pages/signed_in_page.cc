#include "authserver/pages/signed_in_page.h"

#include "authserver/pages/frame.h"

namespace authplane::authserver {

std::string render(const SignedInPage& page) {
  Html html = open_page("You are signed in", page.server, false);
  html.markup(
      "<p>There is nothing to do here. Applications bring you here when they need your consent.</p>\n");
  add_sign_out(html, page.base_path, page.user);
  return close_page(std::move(html));
}

}  // namespace authplane::authserver
