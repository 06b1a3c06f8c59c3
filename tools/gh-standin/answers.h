#pragma once

#include <initializer_list>
#include <string>

#include <nlohmann/json.hpp>

#include <authplane/base/form.h>
#include <authplane/base/http.h>

// What the endpoints of the stand-in have in common.

namespace authplane::gh_standin {

HttpResponse json_answer(int status, const nlohmann::json& body);
// JSON, or a form of the same members.
HttpResponse token_answer(int status, const nlohmann::ordered_json& members, bool json);
HttpResponse html_answer(int status, const std::string& body);
HttpResponse wrong_method(const std::string& allowed);

// A malformed form is an empty one.
Form parse_form(std::string_view text);
std::string field(const Form& form, std::string_view name);

}  // namespace authplane::gh_standin
