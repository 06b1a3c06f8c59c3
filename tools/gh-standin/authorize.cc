#include "answers.h"
#include "standin.h"

// The page a browser is sent to: GET /login/oauth/authorize, and POST with the answer of a person.

namespace authplane::gh_standin {
namespace {

constexpr std::size_t kChallengeLength = 43;  // SHA-256 in base64url

std::string escape(std::string_view text) {
  std::string html;
  for (const char c : text) {
    if (std::string_view("&<>\"'").find(c) == std::string_view::npos) {
      html += c;
    } else {
      html += "&#" + std::to_string(static_cast<int>(c)) + ";";
    }
  }
  return html;
}

std::string question(const Form& asked, const std::string& user) {
  std::string page = "<title>Authorize</title><h1>A stand-in for GitHub</h1><p>Signed in as " + escape(user) +
                     ". An application asks for: " + escape(field(asked, "scope")) +
                     "</p><form method=\"post\" action=\"/login/oauth/authorize\">";
  for (const auto& [name, value] : asked.fields()) {
    page += "<input type=\"hidden\" name=\"" + escape(name) + "\" value=\"" + escape(value) + "\">";
  }
  return page +
         "<button name=\"answer\" value=\"approve\">Approve</button>"
         "<button name=\"answer\" value=\"deny\">Deny</button></form>";
}

HttpResponse redirect(const std::string& to, const Form& parameters) {
  HttpResponse response;
  response.status = 302;
  response.headers.add("Location",
                       to + (to.find('?') == std::string::npos ? "?" : "&") + parameters.encode());
  return response;
}

HttpResponse refusal(const Form& asked, const std::string& error, const std::string& why) {
  Form answer;
  answer.add("error", error);
  answer.add("error_description", why);
  answer.add("state", field(asked, "state"));
  return redirect(field(asked, "redirect_uri"), answer);
}

bool proof_key_is_right(const Form& asked) {
  return field(asked, "code_challenge").size() == kChallengeLength &&
         field(asked, "code_challenge_method") == "S256";
}

}  // namespace

HttpResponse Standin::authorize(const HttpRequest& request) {
  if (request.method != "GET" && request.method != "POST") return wrong_method("GET, POST");
  const bool answered = request.method == "POST";
  const Form asked = parse_form(answered ? std::string_view(request.body) : request.query());
  std::lock_guard lock(mutex_);
  const Row row = record("authorize", {{"method", request.method},
                                       {"client_id", field(asked, "client_id")},
                                       {"response_type", field(asked, "response_type")},
                                       {"redirect_uri", field(asked, "redirect_uri")},
                                       {"scope", field(asked, "scope")},
                                       {"state", !field(asked, "state").empty()},
                                       {"code_challenge_length", field(asked, "code_challenge").size()},
                                       {"code_challenge_method", field(asked, "code_challenge_method")},
                                       {"parameters", nlohmann::json::array()}});
  for (const auto& [name, value] : asked.fields()) (*row)["parameters"].push_back(name);

  // Nobody is sent anywhere until it is known who asks and where the answer goes.
  if (field(asked, "client_id") != options_.client_id) {
    (*row)["outcome"] = "unknown client";
    return html_answer(404, "<h1>Not found</h1><p>There is no application with this client_id.</p>");
  }
  if (field(asked, "redirect_uri") != options_.callback) {
    (*row)["outcome"] = "other redirect_uri";
    return html_answer(400, "<h1>Bad request</h1><p>redirect_uri is not the registered callback.</p>");
  }
  if (field(asked, "response_type") != "code" || field(asked, "state").empty()) {
    (*row)["outcome"] = "malformed";
    return html_answer(400, "<h1>Bad request</h1><p>response_type=code and a state are needed.</p>");
  }
  if (!proof_key_is_right(asked)) {
    (*row)["outcome"] = "no proof key";
    return refusal(asked, "invalid_request", "code_challenge and code_challenge_method=S256 are needed");
  }
  if (answered) return decide(asked, field(asked, "answer") == "approve" ? Mode::approve : Mode::deny, row);
  return decide(asked, mode_.take(Endpoint::authorize).mode, row);
}

HttpResponse Standin::decide(const Form& asked, Mode mode, const Row& row) {
  switch (mode) {
    case Mode::interactive:
      (*row)["outcome"] = "asked";
      return html_answer(200, question(asked, options_.user));
    case Mode::deny:
      (*row)["outcome"] = "denied";
      return refusal(asked, "access_denied", "The user has denied your application access.");
    default:
      break;
  }
  (*row)["outcome"] = "approved";
  Form answer;
  answer.add("code",
             ledger_.new_code({field(asked, "code_challenge"), ScopeSet::split(field(asked, "scope"))}));
  answer.add("state", field(asked, "state") + (mode == Mode::wrong_state ? "x" : ""));
  return redirect(field(asked, "redirect_uri"), answer);
}

}  // namespace authplane::gh_standin
