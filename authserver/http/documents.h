#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/base/mutex.h>

#include "authserver/domain/resource_store.h"
#include "authserver/domain/signing_key_store.h"

namespace authplane::authserver {

// What the metadata document says this server has. A feature is off until whoever routes it turns it on.
struct MetadataFacts {
  std::string issuer;
  // Endpoints beside the token endpoint.
  bool authorization_endpoint = false;  // with PKCE by S256 (RFC 7636) and `iss` in every answer (RFC 9207)
  bool registration_endpoint = false;   // RFC 7591
  bool revocation_endpoint = false;     // RFC 7009, open to public clients
  bool introspection_endpoint = false;  // RFC 7662, for confidential clients
  // Grants of the token endpoint. The first two are open to public clients.
  bool authorization_code = false;
  bool refresh_token = false;
  bool client_credentials = false;
  bool token_exchange = false;  // RFC 8693
  bool jwt_bearer = false;      // RFC 7523, as a profile for identity assertions
  // Features.
  bool client_id_metadata_documents = false;  // a client_id may be the URL of a document
  bool dpop = false;                          // RFC 9449
  bool agent_identity = false;                // tokens of agents carry their identity
};

// RFC 8414 document. It names only endpoints and grants this server has; see
// docs/decisions/0002-advertise-what-is-served.md.
std::string metadata_document(const MetadataFacts& facts, const ScopeSet& scopes_supported);
// RFC 7517 document, current key first, public members only.
std::string jwks_document(const SigningKeySet& keys);
// RFC 9728 document of one resource.
std::string protected_resource_document(const Resource& resource, std::string_view issuer);

// The discovery documents of one moment, ready to be sent.
struct Documents {
  SigningKeySetPtr keys;                           // what they were made from
  std::shared_ptr<const ResourceCatalog> catalog;  // what they were made from
  std::string metadata;
  std::string jwks;
  // RFC 9728 documents under each name a request may use: the path of the resource's URI, its slug, "" for
  // the issuer's origin. null: the name fits several resources.
  std::unordered_map<std::string, std::shared_ptr<const std::string>> protected_resources;
};

// Serves the discovery documents. They are written out again when keys or resources changed and otherwise
// only sent. Thread-safe.
class DocumentEndpoints {
 public:
  // The references outlive the object.
  DocumentEndpoints(MetadataFacts facts, SigningKeyStore& keys, ResourceStore& resources)
      : facts_(std::move(facts)), keys_(keys), resources_(resources) {}

  HttpResponse metadata() const;
  HttpResponse jwks() const;
  // RFC 9728 section 3.1: `ref` is what stands behind the well-known path, percent-encoded, without its
  // leading slash; "" for the resource at the issuer's origin. It names the resource by the path of its URI,
  // together with `query` where that URI has one, or by its slug. A query that no URI has is ignored. 404
  // when the name fits none or several.
  HttpResponse protected_resource(std::string_view ref, std::string_view query) const;

 private:
  Outcome<std::shared_ptr<const Documents>> current() const;
  std::shared_ptr<const Documents> build(SigningKeySetPtr keys,
                                         std::shared_ptr<const ResourceCatalog> catalog) const;

  MetadataFacts facts_;
  SigningKeyStore& keys_;
  ResourceStore& resources_;
  mutable Mutex mutex_;
  mutable std::shared_ptr<const Documents> documents_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::authserver
