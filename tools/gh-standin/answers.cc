#include "answers.h"

namespace authplane::gh_standin {
namespace {

HttpResponse answer(int status, const std::string& type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", type}, {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

}  // namespace

HttpResponse json_answer(int status, const nlohmann::json& body) {
  return answer(status, "application/json; charset=utf-8", body.dump());
}

HttpResponse token_answer(int status, const nlohmann::ordered_json& members, bool json) {
  if (json) return answer(status, "application/json; charset=utf-8", members.dump());
  Form form;
  for (const auto& [name, value] : members.items()) {
    form.add(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return answer(status, "application/x-www-form-urlencoded; charset=utf-8", form.encode());
}

HttpResponse html_answer(int status, const std::string& body) {
  return answer(status, "text/html; charset=utf-8", "<!doctype html><html lang=\"en\">" + body + "</html>\n");
}

HttpResponse wrong_method(const std::string& allowed) {
  auto response = json_answer(405, {{"message", "method not allowed"}});
  response.headers.add("Allow", allowed);
  return response;
}

Form parse_form(std::string_view text) {
  auto parsed = Form::parse(text);
  return parsed ? *std::move(parsed) : Form();
}

std::string field(const Form& form, std::string_view name) {
  return std::string(form.get(name).value_or(""));
}

}  // namespace authplane::gh_standin
