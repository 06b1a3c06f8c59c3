#pragma once

#include "authserver/pages/connections_page.h"
#include "authserver/pages/consent_page.h"
#include "authserver/pages/error_page.h"
#include "authserver/pages/login_page.h"
#include "authserver/pages/reconsent_page.h"
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

inline ConnectionsPage sample_connections() {
  return {.server = "auth.example.com",
          .base_path = "",
          .user = "ada@example.com",
          .csrf_token = "token",
          .connections = {{"GitHub", "github", {"repo", "read:user"}, "2026-11-21"},
                          {"Example Drive", "drive", {}, "2026-01-02"}}};
}

inline ReconsentPage sample_reconsent() {
  return {.server = "auth.example.com",
          .base_path = "",
          .user = "ada@example.com",
          .resource_name = "Calendar tools",
          .resource_slug = "calendar",
          .scopes = {{"calendar:read", "See your appointments"}, {"contacts/search", ""}}};
}

inline ErrorPage sample_connect_error() {
  return {.server = "auth.example.com",
          .title = "GitHub was not connected",
          .explanation = "It was cancelled or refused there. Nothing was stored.",
          .reference = "7f9c2a-18",
          .links = {{"Try again", "/connect/github?return_url=https%3A%2F%2Fapp.example%2Fdone"},
                    {"Back to app.example", "https://app.example/done?a=1&b=2"}}};
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
