#pragma once

#include <string_view>

#include "authserver/pages/html.h"

namespace authplane::authserver {

// The head, the style and the opening of <main>, and their end. `failed` puts "Error: " before the title,
// which a screen reader says first. `server` is the host this server is known under.
Html open_page(std::string_view title, std::string_view server, bool failed);
std::string close_page(Html html);

// The opening of a form that is posted to `path` below the base path.
void open_form(Html& html, std::string_view base_path, Markup path);

// Whom the browser is signed in as, and the button that ends it.
void add_sign_out(Html& html, std::string_view base_path, std::string_view user);

// The sentence a form was refused with, announced at once. Nothing when empty.
void add_problem(Html& html, std::string_view problem);

}  // namespace authplane::authserver
