#pragma once

#include "authserver/pages/consent_page.h"
#include "authserver/pages/error_page.h"
#include "authserver/pages/login_page.h"
#include "authserver/pages/signed_in_page.h"

namespace authplane::authserver {

// Pages as a deployment shows them, for tests and for looking at.
inline LoginPage sample_login() {
  LoginPage page;
  page.server = "auth.example.com";
  page.csrf_token = "token";
  page.redirect = "/oauth/authorize?client_id=a&state=b";
  return page;
}

inline ConsentPage sample_consent(std::string_view redirect_uri = "https://agent.example/callback") {
  ConsentPage page;
  page.server = "auth.example.com";
  page.user = "ada@example.com";
  page.client_id = "3f2c1d9e-7a41-4a0e-9a55-6b1f1c2d3e4f";
  page.client_name = "Travel Assistant";
  page.source = RegistrationSource::dcr;
  page.resource_name = "Calendar tools";
  page.resource_slug = "calendar";
  page.redirect_uri = Url::parse(redirect_uri).value();
  page.scopes = {{"calendar:read", "See your appointments"},
                 {"calendar:write", "Add, change and delete appointments"},
                 {"contacts/search", ""}};
  page.session_id = "session";
  page.csrf_token = "token";
  return page;
}

inline SignedInPage sample_signed_in() {
  return {.server = "auth.example.com", .base_path = "", .user = "ada@example.com"};
}

inline ErrorPage sample_error() {
  return {.server = "auth.example.com",
          .title = "This application is not known here",
          .explanation =
              "The link you followed names an application that is not registered with this server. "
              "Go back to the application and start again.",
          .reference = "7f9c2a-18"};
}

}  // namespace authplane::authserver
