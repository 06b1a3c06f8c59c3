#include "authserver/cimd/client_document.h"

#include <algorithm>

#include "authserver/domain/client_metadata.h"
#include "authserver/domain/issuance.h"

namespace authplane::authserver {
namespace {

Unexpected<DomainError> refuse(std::string detail) {
  return fail(DomainErrorCode::invalid_client, "the client's metadata document cannot be used",
              std::move(detail));
}

}  // namespace

Outcome<ClientDocument> parse_client_document(std::string_view json, std::string_view client_id) {
  auto metadata = parse_client_metadata(json, kMaxClientDocumentBytes);
  if (!metadata) {
    const DomainError& error = metadata.error();
    return refuse(error.description + (error.detail.empty() ? "" : ": " + error.detail));
  }
  if (metadata->client_id != client_id) return refuse("client_id of the document is not its own URL");
  if (!metadata->client_name) return refuse("the document has no client_name");
  if (metadata->redirect_uris.empty()) return refuse("the document has no redirect_uris");
  if (metadata->has_secret) return refuse("the document publishes a client secret");
  if (metadata->token_endpoint_auth_method.value_or("none") != "none")
    return refuse("token_endpoint_auth_method of the document is not none");
  const std::vector<std::string> code{"code"};
  const auto& response_types = metadata->response_types.value_or(code);
  if (std::find(response_types.begin(), response_types.end(), "code") == response_types.end())
    return refuse("response_types of the document lack code");

  ClientDocument document{
      .name = std::move(*metadata->client_name),
      .redirect_uris = std::move(metadata->redirect_uris),
      .grant_types = std::move(metadata->grant_types)
                         .value_or(std::vector<std::string>{"authorization_code", "refresh_token"}),
      .application_type = std::move(metadata->application_type)};
  std::erase_if(document.grant_types, [](const std::string& name) { return !parse_grant_kind(name); });
  const auto& grants = document.grant_types;
  if (std::find(grants.begin(), grants.end(), "authorization_code") == grants.end())
    return refuse("grant_types of the document lack authorization_code");
  return document;
}

}  // namespace authplane::authserver
