// GET /authorize: where the consent_url of a refused token exchange leads.

#include "authserver/http/browser_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ReconsentTest : public BrowserTest {
 protected:
  ReconsentTest() {
    Resource calendar = server.resource_named("calendar", "https://calendar.example/mcp", {});
    calendar.display_name = "Calendar tools";
    calendar.scopes = {{"calendar:read", "See your appointments", ""}, {"calendar:write", "", ""}};
    server.add(calendar);
  }
};

TEST_F(ReconsentTest, D11SaysWhatIsNeededAndToStartAgainThere) {
  Browser browser = signed_in();
  const std::size_t audited = server.audit_rows().size();
  const HttpResponse response =
      browser.get("/authorize?resource=calendar&scope=calendar:read+calendar:write");
  expect_page(response, 200, "Your consent is needed");
  EXPECT_THAT(response.body, AllOf(HasSubstr("Calendar tools"), HasSubstr("See your appointments"),
                                   HasSubstr("<code>calendar:write</code>"),
                                   HasSubstr("start again from there"), HasSubstr("ada@example.com")));
  expect_page(browser.get("/authorize?resource=https%3A%2F%2Fcalendar.example%2Fmcp"), 200, "Calendar tools");
  EXPECT_EQ(server.audit_rows().size(), audited);  // it allowed nothing
}

TEST_F(ReconsentTest, D11RepeatsNothingOfTheLinkThatIsNotKnownHere) {
  Browser browser = signed_in();
  const HttpResponse response = browser.get(
      "/authorize?resource=calendar&scope=canary+%3Cscript%3E+calendar:read&return_url=https://evil.example");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("calendar:read"), Not(HasSubstr("canary")), Not(HasSubstr("script")),
                    Not(HasSubstr("evil")), Not(HasSubstr("calendar:write"))));
}

TEST_F(ReconsentTest, D11WhoIsNotSignedInComesBackAfterwards) {
  Browser browser(server);
  const std::string target = "/authorize?resource=calendar&scope=calendar%3Aread";
  const Destination login = destination_of(browser.get(target + "&return_url=https%3A%2F%2Fevil.example"));
  EXPECT_EQ(login.base, "/login");
  EXPECT_EQ(login.get("redirect"), target);  // without what nobody reads
  const HttpResponse signed_in =
      browser.post("/login", login_form(browser.get("/login?redirect=" + form_encode(target))));
  EXPECT_EQ(signed_in.headers.get("Location"), target);
}

TEST_F(ReconsentTest, D11T6LeadsToNoOtherServer) {
  Browser browser = signed_in();
  for (const char* query :
       {"redirect_uri=https://evil.example", "return_url=https://evil.example",
        "resource=https://evil.example", "resource=%2F%2Fevil.example", "next=//evil.example", ""}) {
    const HttpResponse response = browser.get("/authorize?" + std::string(query));
    expect_page(response, 400, "not complete");
    EXPECT_THAT(response.body, Not(HasSubstr("evil")));
  }
  for (const char* query : {"resource=calendar&resource=demo", "resource=%zz", "resource=calendar&resource="})
    expect_page(browser.get("/authorize?" + std::string(query)), 400, "not complete");
  Browser stranger(server);
  expect_page(stranger.get("/authorize?resource=" + std::string(7500, 'a')), 400, "not complete");
}

TEST_F(ReconsentTest, D11AWholeAuthorizationRequestGoesToTheEndpoint) {
  Browser browser = signed_in();
  const HttpResponse response = browser.get("/authorize?" + valid_request().encode());
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(response.headers.get("Location"), authorize_target(valid_request()));
  // Which judges it as it judges all.
  const Form evil = request_with("redirect_uri", "https://evil.example");
  const HttpResponse judged =
      browser.get(std::string(*browser.get("/authorize?" + evil.encode()).headers.get("Location")));
  expect_page(judged, 400, "leads somewhere unexpected");
}

TEST_F(ReconsentTest, D11AStoreThatFailsIsSaid) {
  Browser browser = signed_in();
  server.storage.refuse_resources = DomainErrorCode::unavailable;
  expect_page(browser.get("/authorize?resource=calendar"), 503, "busy");
}

}  // namespace
}  // namespace authplane::authserver
