#include "authserver/pages/frame.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxUser = 80;

// Everything is inline: the content security policy allows no other source, and no script.
constexpr Markup kStyle = R"(<style>
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --text: #1b1f24; --soft: #57606a; --line: #c9ced6; --field: #fff;
  --accent: #0b57d0; --on-accent: #fff; --bad: #a40e26; --bad-soft: #ffebe9; --warn: #7a4b00;
  --warn-soft: #fff6d6; --code: #eef0f3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #191d23; --text: #e8eaed; --soft: #a5adb8; --line: #4a525d; --field: #11151a;
    --accent: #a8c7fa; --on-accent: #062e6f; --bad: #ffb4ab; --bad-soft: #3b1519; --warn: #ffd98a;
    --warn-soft: #33270a; --code: #262b33;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 1.5rem; background: var(--card); min-height: 100vh;
  overflow-wrap: anywhere; }
@media (min-width: 34rem) {
  main { margin: 1.5rem auto; padding: 1.5rem 2rem; min-height: 0; border: 1px solid var(--line); border-radius: 12px; }
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; }
code { font: .875em/1.5 ui-monospace, monospace; background: var(--code); border-radius: 4px; padding: .1em .3em; }
.soft { color: var(--soft); font-size: .9375rem; }
.server { margin: 0 0 .5rem; }
label { display: block; font-weight: 600; margin: 0 0 .25rem; }
input[type=email], input[type=password] { display: block; width: 100%; min-height: 2.75rem; margin: 0 0 1rem;
  padding: .5rem .75rem; font: inherit; color: inherit; background: var(--field); border: 1px solid var(--soft);
  border-radius: 8px; }
input[aria-invalid=true] { border-color: var(--bad); }
button, .button { display: block; width: 100%; min-height: 2.75rem; padding: .5rem 1rem; font: inherit;
  font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; border-radius: 8px;
  border: 1px solid var(--accent); background: transparent; color: var(--accent); }
button.primary { background: var(--accent); color: var(--on-accent); }
button.link { display: inline-block; width: auto; min-height: 2.75rem; padding: 0; border: 0; font-weight: 400; text-decoration: underline; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.box { border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; margin: 0 0 1rem; }
.box > :last-child { margin-bottom: 0; }
.problem { border-color: var(--bad); background: var(--bad-soft); color: var(--bad); }
.warning { border-color: var(--warn); background: var(--warn-soft); color: var(--warn); }
.host { font-size: 1.125rem; font-weight: 600; }
dl { margin: 0 0 1rem; }
dt { color: var(--soft); font-size: .9375rem; }
dd { margin: 0 0 .5rem; }
ul { margin: 0; padding: 0 0 0 1.25rem; }
li { margin: .25rem 0; }
fieldset { border: 0; margin: 0 0 1rem; padding: 0; min-width: 0; }
legend { font-weight: 600; padding: 0; margin: 0 0 .25rem; }
.scope { display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; align-items: start; font-weight: 400;
  margin: 0; padding: .625rem 0; min-height: 2.75rem; border-top: 1px solid var(--line); }
.scope input { width: 1.25rem; height: 1.25rem; margin: .125rem 0 0; accent-color: var(--accent); }
.choice { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
@media (min-width: 34rem) {
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1rem; }
  dd { margin: 0; }
}
.scope code { display: inline-block; }
.user { margin: .75rem 0 0; }
.or { text-align: center; margin: 1rem 0; color: var(--soft); }
</style>
)";

}  // namespace

Html open_page(std::string_view title, std::string_view server, bool failed) {
  Html html;
  html.markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
  if (failed) html.markup("Error: ");
  html.text(title).markup(" - ").text(server).markup("</title>\n");
  html.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  html.markup("<meta name=\"robots\" content=\"noindex\">\n").markup(kStyle);
  html.markup("</head>\n<body>\n<main>\n<p class=\"soft server\">").text(server).markup("</p>\n<h1>");
  html.text(title).markup("</h1>\n");
  return html;
}

std::string close_page(Html html) {
  html.markup("</main>\n</body>\n</html>\n");
  return std::move(html).take();
}

void open_form(Html& html, std::string_view base_path, Markup path) {
  html.markup("<form method=\"post\" action=\"").text(base_path).markup(path).markup("\">\n");
}

void add_sign_out(Html& html, std::string_view base_path, std::string_view user) {
  open_form(html, base_path, "/logout");
  html.markup("<p class=\"soft user\">Signed in as <bdi>").text(shorten(user, kMaxUser));
  html.markup("</bdi>. <button class=\"link\" type=\"submit\">Sign out</button></p>\n</form>\n");
}

void add_problem(Html& html, std::string_view problem) {
  if (problem.empty()) return;
  html.markup("<div class=\"box problem\" role=\"alert\" id=\"problem\"><p>").text(problem);
  html.markup("</p></div>\n");
}

}  // namespace authplane::authserver
