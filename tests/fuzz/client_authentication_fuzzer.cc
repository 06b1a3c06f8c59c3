// Client authentication of the token endpoint. An input is the Authorization field, a line break, and the
// body. A first line `$` and a pair stands for the field of HTTP Basic with that pair.

#include <cstdint>
#include <string>
#include <string_view>

#include <authplane/base/encoding.h>

#include "authserver/http/client_authentication.h"
#include "check.h"

using namespace authplane;
using namespace authplane::authserver;

namespace {

void check_basic(const PresentedClient& client) {
  const std::string pair = form_encode(client.client_id) + ":" + form_encode(client.client_secret.expose());
  const auto again = read_client_authentication({{"Authorization", "Basic " + base64_encode(pair)}}, {});
  FUZZ_CHECK(again && again->client_id == client.client_id && again->client_secret == client.client_secret);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_break = std::min(input.find('\n'), input.size());
  std::string field(input.substr(0, line_break));
  if (field.starts_with('$')) field = "Basic " + base64_encode(std::string_view(field).substr(1));
  const auto form = Form::parse(input.substr(std::min(line_break + 1, input.size())));
  if (!form || form->first_repeated()) return 0;

  const std::string_view body_id = form->get("client_id").value_or("");
  const std::string_view body_secret = form->get("client_secret").value_or("");
  Headers headers;
  const auto of_body = read_client_authentication(headers, *form);
  FUZZ_CHECK(of_body && of_body->client_id == body_id && of_body->client_secret.expose() == body_secret);

  headers.add("Authorization", field);
  const auto client = read_client_authentication(headers, *form);
  const bool is_basic = equals_ignore_case(std::string_view(field).substr(0, 6), "basic ");
  // Of two secrets nobody chooses one.
  FUZZ_CHECK(static_cast<bool>(client) != (is_basic && !body_secret.empty()));
  if (client && !is_basic) {
    FUZZ_CHECK(client->client_id == body_id && client->client_secret.expose() == body_secret);
  }
  if (client && is_basic) check_basic(*client);
  headers.add("authorization", "Basic Og==");
  const auto two = read_client_authentication(headers, *form);
  FUZZ_CHECK(!two && two.error().code == OAuthErrorCode::invalid_request);
  return 0;
}
