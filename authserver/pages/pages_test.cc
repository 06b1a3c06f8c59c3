#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/base/encoding.h>

#include "authserver/pages/sample_pages.h"

namespace authplane::authserver {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// "<p class>", "</p>": names of elements and attributes in order, without any value. What a reader of HTML
// takes for markup.
std::vector<std::string> skeleton(std::string_view page) {
  std::vector<std::string> tags;
  for (std::size_t at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    std::string tag;
    bool quoted = false;
    for (; at < page.size() && (quoted || page[at] != '>'); ++at) {
      if (page[at] == '"') quoted = !quoted;
      if (!quoted && page[at] != '"') tag += page[at];
    }
    tags.push_back(tag);
  }
  return tags;
}

bool is_void(const std::string& tag) {
  return tag.starts_with("<!doctype") || tag.starts_with("<meta") || tag.starts_with("<input") ||
         tag == "<br";
}

// Each closing tag closes the element opened last.
void expect_balanced(const std::string& page) {
  std::vector<std::string> open;
  for (const std::string& tag : skeleton(page)) {
    if (is_void(tag)) continue;
    if (!tag.starts_with("</")) {
      open.push_back(tag.substr(1, tag.find_first_of(" \n") - 1));
      continue;
    }
    ASSERT_FALSE(open.empty()) << tag;
    ASSERT_EQ(tag.substr(2), open.back());
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

std::size_t count(std::string_view page, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = page.find(part); at != std::string_view::npos; at = page.find(part, at + 1)) ++found;
  return found;
}

LoginPage full_login() {
  LoginPage page = sample_login();
  page.email = "ada@example.com";
  page.problem = "Email or password is wrong.";
  page.provider = "Example Identity";
  return page;
}

ConsentPage cimd_consent() {
  ConsentPage page = sample_consent();
  page.source = RegistrationSource::cimd;
  page.cimd_url = "https://client.example/metadata.json";
  return page;
}

std::vector<std::string> all_pages() {
  return {render(sample_login()),
          render(full_login()),
          render(sample_consent()),
          render(cimd_consent()),
          render(sample_consent("http://localhost:8080/cb")),
          render(sample_signed_in()),
          render(sample_connections()),
          render(sample_reconsent()),
          render(sample_connect_error()),
          render(sample_error())};
}

constexpr std::string_view kPayloads[] = {
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><svg onload=alert(1)>",
    "\"><img src=x onerror=alert(1)>",
    "\" autofocus onfocus=\"alert(1)",
    "' onmouseover='alert(1)",
    "` onmouseover=`alert(1)",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc=x>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example>",
    "</form><form action=//evil.example>",
    "<button formaction=//evil.example>",
    "<input name=action value=allow>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml",
    "<",
    ">",
    "\"",
    "&quot;><b>",
    "&#x3c;script&#x3e;",
    "%3Cscript%3E",
    "\xC3<script>",
    "\xE2\x80<script>",
    "\xF0\x9F\x98\"><b>",
    "+ADw-script+AD4-",
    "\\u003cscript\\u003e",
    "{{constructor.constructor('alert(1)')()}}",
    "x\r\nSet-Cookie: a=b",
};

TEST(Pages, AreWellFormedAndNeedNothingThatThePolicyForbids) {
  for (const std::string& page : all_pages()) {
    expect_balanced(page);
    EXPECT_TRUE(is_valid_utf8(page));
    EXPECT_THAT(page, HasSubstr("<html lang=\"en\">"));
    EXPECT_THAT(page, HasSubstr("name=\"viewport\""));
    EXPECT_EQ(count(page, "<h1>"), 1U);
    EXPECT_EQ(count(page, "<title>"), 1U);
    EXPECT_EQ(count(page, "<main>"), 1U);
    for (const std::string_view part : {"<script", "<img", "<link", "<iframe", "javascript:", " src=", "url(",
                                        "@import", " style=", "http-equiv", "<base"}) {
      EXPECT_EQ(count(page, part), 0U) << part;
    }
    for (const std::string& tag : skeleton(page)) EXPECT_THAT(tag, Not(HasSubstr(" on"))) << tag;
  }
}

TEST(Pages, EveryControlHasALabelAndEveryReferenceATarget) {
  for (const std::string& page : all_pages()) {
    for (const std::string_view attribute : {" for=\"", " aria-describedby=\"", " aria-labelledby=\""}) {
      for (std::size_t at = page.find(attribute); at != std::string::npos;
           at = page.find(attribute, at + 1)) {
        const std::size_t start = at + attribute.size();
        const std::string id = page.substr(start, page.find('"', start) - start);
        EXPECT_EQ(count(page, " id=\"" + id + "\""), 1U) << id;
      }
    }
  }
  const std::string login = render(sample_login());
  for (const std::string_view id : {"email", "password"}) {
    EXPECT_EQ(count(login, "<label for=\"" + std::string(id) + "\">"), 1U);
  }
}

// Put into any text of any page, a payload changes no element and no attribute.
TEST(Pages, NoTextBecomesMarkup) {
  for (const std::string_view text : kPayloads) {
    const std::string payload(text);
    for (std::string LoginPage::*member : {&LoginPage::server, &LoginPage::csrf_token, &LoginPage::redirect,
                                           &LoginPage::email, &LoginPage::problem, &LoginPage::provider}) {
      LoginPage page = full_login();
      page.*member = payload;
      EXPECT_EQ(skeleton(render(page)), skeleton(render(full_login()))) << payload;
    }
    for (std::string ConsentPage::*member :
         {&ConsentPage::server, &ConsentPage::user, &ConsentPage::client_id, &ConsentPage::client_name,
          &ConsentPage::cimd_url, &ConsentPage::resource_name, &ConsentPage::resource_slug,
          &ConsentPage::session_id, &ConsentPage::csrf_token}) {
      ConsentPage page = cimd_consent();
      page.*member = payload;
      EXPECT_EQ(skeleton(render(page)), skeleton(render(cimd_consent()))) << payload;
    }
    ConsentPage scopes = cimd_consent();
    scopes.scopes[0] = {payload, payload};
    EXPECT_EQ(skeleton(render(scopes)), skeleton(render(cimd_consent()))) << payload;
    ConnectionsPage connections = sample_connections();
    connections.csrf_token = connections.user = payload;
    connections.connections[0] = {payload, payload, {payload, payload}, payload};
    EXPECT_EQ(skeleton(render(connections)), skeleton(render(sample_connections()))) << payload;
    ReconsentPage reconsent = sample_reconsent();
    reconsent.resource_name = reconsent.resource_slug = reconsent.user = payload;
    reconsent.scopes[0] = {payload, payload};
    EXPECT_EQ(skeleton(render(reconsent)), skeleton(render(sample_reconsent()))) << payload;
    ErrorPage failed = sample_connect_error();
    failed.links[1] = {payload, payload};
    EXPECT_EQ(skeleton(render(failed)), skeleton(render(sample_connect_error()))) << payload;
    for (std::string ErrorPage::*member :
         {&ErrorPage::server, &ErrorPage::title, &ErrorPage::explanation, &ErrorPage::reference}) {
      ErrorPage page = sample_error();
      page.*member = payload;
      EXPECT_EQ(skeleton(render(page)), skeleton(render(sample_error()))) << payload;
    }
  }
}

TEST(LoginPage, CarriesItsFieldsAndNeverAPassword) {
  const std::string page = render(full_login());
  EXPECT_THAT(page, HasSubstr("<form method=\"post\" action=\"/login\">"));
  EXPECT_THAT(page, HasSubstr("name=\"csrf_token\" value=\"token\""));
  EXPECT_THAT(page, HasSubstr("name=\"redirect\" value=\"/oauth/authorize?client_id=a&amp;state=b\""));
  EXPECT_THAT(page, HasSubstr("autocomplete=\"username\""));
  EXPECT_THAT(page, HasSubstr("autocomplete=\"current-password\""));
  EXPECT_THAT(page, HasSubstr(" value=\"ada@example.com\""));
  EXPECT_THAT(page,
              HasSubstr("href=\"/oidc/start?redirect=%2Foauth%2Fauthorize%3Fclient_id%3Da%26state%3Db\""));
}

TEST(LoginPage, SaysAtOnceWhyItWasRefused) {
  EXPECT_THAT(render(full_login()),
              AllOf(HasSubstr("role=\"alert\" id=\"problem\"><p>Email or password is wrong."),
                    HasSubstr("<title>Error: Sign in"), HasSubstr("aria-invalid=\"true\"")));
  EXPECT_THAT(render(sample_login()), AllOf(Not(HasSubstr("role=\"alert\"")),
                                            Not(HasSubstr("aria-invalid=\"")), HasSubstr("<title>Sign in")));
}

TEST(LoginPage, PutsTheCursorWhereTypingGoesOn) {
  EXPECT_EQ(count(render(sample_login()), " autofocus"), 1U);
  EXPECT_THAT(render(sample_login()), HasSubstr("autofocus value=\"\""));
  EXPECT_EQ(count(render(full_login()), " autofocus"), 1U);
  EXPECT_THAT(render(full_login()), HasSubstr("aria-describedby=\"problem\" autofocus>"));
}

TEST(LoginPage, ShowsOnlyTheWaysThatAreOpen) {
  EXPECT_THAT(render(sample_login()), Not(HasSubstr("/oidc/start")));
  LoginPage federated = full_login();
  federated.local_login = false;
  EXPECT_THAT(render(federated), AllOf(Not(HasSubstr("<form")), HasSubstr("Continue with Example Identity")));
}

TEST(ConsentPage, ShowsWhoAsksForWhat) {
  const std::string page = render(sample_consent());
  for (const std::string_view part :
       {"Travel Assistant", "3f2c1d9e-7a41-4a0e-9a55-6b1f1c2d3e4f", "Calendar tools", "<code>calendar</code>",
        "See your appointments", "Add, change and delete appointments", "ada@example.com",
        "<p class=\"host\">agent.example</p>", "name=\"session_id\" value=\"session\"",
        "name=\"csrf_token\" value=\"token\"", "name=\"action\" value=\"deny\"",
        "name=\"action\" value=\"allow\"", "<form method=\"post\" action=\"/consent\">",
        "<form method=\"post\" action=\"/logout\">"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(ConsentPage, EveryScopeIsABoxThatCanBeCleared) {
  const std::string page = render(sample_consent());
  EXPECT_EQ(count(page, "<input type=\"checkbox\" name=\"scopes\" checked value=\""), 3U);
  for (const std::string_view scope : {"calendar:read", "calendar:write", "contacts/search"}) {
    EXPECT_THAT(page, HasSubstr("checked value=\"" + std::string(scope) + "\""));
  }
  EXPECT_LT(page.find("calendar:read"), page.find("calendar:write"));
  ConsentPage long_scope = sample_consent();
  long_scope.scopes = {{std::string(500, 'x'), std::string(500, 'y')}};
  EXPECT_THAT(render(long_scope), HasSubstr("value=\"" + std::string(500, 'x') + "\""));
}

TEST(ConsentPage, EnterDenies) {
  const std::string page = render(sample_consent());
  EXPECT_LT(page.find("value=\"deny\""), page.find("value=\"allow\""));
}

TEST(ConsentPage, ShowsTheHostThatReceivesTheAnswer) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"https://agent.example/cb", "agent.example"},
      {"https://agent.example:8443/cb", "agent.example:8443"},
      {"https://bank.example@evil.example/cb", "evil.example"},
      {"https://bank.example:443@evil.example/", "evil.example"},
      {"https://evil.example/bank.example", "evil.example"},
      {"https://evil.example/?https://bank.example", "evil.example"},
      {"https://BANK.example.evil.example/", "bank.example.evil.example"},
      {"http://[::1]:4000/cb", "[::1]:4000"},
  };
  for (const auto& [uri, host] : cases) {
    const std::string page = render(sample_consent(uri));
    EXPECT_THAT(page, HasSubstr("<p class=\"host\">" + std::string(host) + "</p>")) << uri;
  }
}

TEST(ConsentPage, WarnsOfADestinationOnTheOwnDevice) {
  for (const std::string_view uri : {"http://localhost/cb", "http://127.0.0.1:1/cb", "http://[::1]:1/cb"}) {
    EXPECT_THAT(render(sample_consent(uri)), HasSubstr("on your own device")) << uri;
  }
  for (const std::string_view uri : {"https://agent.example/localhost", "https://localhost.example/"}) {
    EXPECT_THAT(render(sample_consent(uri)), Not(HasSubstr("on your own device"))) << uri;
  }
}

TEST(ConsentPage, SaysWhereTheApplicationComesFrom) {
  ConsentPage page = sample_consent();
  EXPECT_THAT(render(page), HasSubstr("Registered itself"));
  page.source = RegistrationSource::admin;
  EXPECT_THAT(render(page), HasSubstr("Registered by the operator"));
  page.source = RegistrationSource::cimd;
  page.cimd_url = "https://bank.example@evil.example/metadata.json";
  EXPECT_THAT(render(page),
              AllOf(HasSubstr("<strong>evil.example</strong>"), Not(HasSubstr("bank.example"))));
  page.cimd_url = "nonsense";
  EXPECT_THAT(render(page), HasSubstr("an unknown host"));
}

TEST(ConsentPage, LongOrMissingNamesDoNotHideTheRest) {
  ConsentPage page = sample_consent();
  page.client_name = std::string(5000, 'W');
  page.resource_name = std::string(5000, 'W');
  EXPECT_LT(render(page).size(), render(sample_consent()).size() + 500);
  page.client_name = "";
  page.resource_name = "";
  EXPECT_THAT(render(page),
              AllOf(HasSubstr("<bdi>" + page.client_id + "</bdi>"), HasSubstr("access in your name")));
}

TEST(ConnectionsPage, ShowsEachAccountAndHowToDisconnectIt) {
  const std::string page = render(sample_connections());
  for (const std::string_view part :
       {"<bdi>GitHub</bdi>", "<code>repo</code> <code>read:user</code>", "2026-11-21", "Example Drive",
        "<form method=\"post\" action=\"/connections\">", "name=\"provider\" value=\"drive\"",
        "name=\"csrf_token\" value=\"token\"", "ada@example.com"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  ConnectionsPage none = sample_connections();
  none.connections.clear();
  EXPECT_THAT(render(none), AllOf(HasSubstr("connected no account"), Not(HasSubstr("Disconnect"))));
  ConnectionsPage nameless = sample_connections();
  nameless.connections[0].provider_name = "";
  EXPECT_THAT(render(nameless), HasSubstr("Disconnect <bdi>github</bdi>"));
}

// The way on leads through the application: nothing here takes the browser anywhere.
TEST(ReconsentPage, SaysWhatIsMissingAndLeadsNowhere) {
  const std::string page = render(sample_reconsent());
  EXPECT_THAT(page, AllOf(HasSubstr("Calendar tools"), HasSubstr("<code>calendar</code>"),
                          HasSubstr("See your appointments"), HasSubstr("<code>contacts/search</code>"),
                          HasSubstr("start again from there"), Not(HasSubstr("href="))));
  ReconsentPage bare = sample_reconsent();
  bare.scopes.clear();
  bare.resource_name = "";
  EXPECT_THAT(render(bare), AllOf(HasSubstr("<bdi>calendar</bdi>"), Not(HasSubstr("What it needs"))));
}

TEST(ErrorPage, ShowsTheWaysOn) {
  EXPECT_THAT(render(sample_connect_error()),
              AllOf(HasSubstr("href=\"https://app.example/done?a=1&amp;b=2\">Back to app.example</a>"),
                    HasSubstr("<h1>GitHub was not connected</h1>")));
  EXPECT_THAT(render(sample_error()), Not(HasSubstr("<a ")));
}

TEST(ErrorPage, SaysWhatWentWrongAndHowToAskForHelp) {
  EXPECT_THAT(render(sample_error()), AllOf(HasSubstr("<h1>This application is not known here</h1>"),
                                            HasSubstr("Go back to the application"), HasSubstr("7f9c2a-18")));
  ErrorPage page = sample_error();
  page.reference = "";
  EXPECT_THAT(render(page), Not(HasSubstr("reference")));
}

}  // namespace
}  // namespace authplane::authserver
