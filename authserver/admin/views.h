#pragma once

#include <string>
#include <vector>

#include <authplane/json/json.h>

#include "authserver/domain/audit.h"
#include "authserver/domain/broker_grant.h"
#include "authserver/domain/broker_provider.h"
#include "authserver/domain/client_service.h"
#include "authserver/domain/consent_grant.h"
#include "authserver/domain/fronting_link.h"
#include "authserver/domain/issuance_service.h"
#include "authserver/domain/key_service.h"
#include "authserver/domain/resource.h"
#include "authserver/domain/token_inventory.h"
#include "authserver/domain/user.h"

// How domain values look in JSON, for the admin API and for `--json` of the command line. No view holds a
// hash of a secret or a password, or a secret or credential, sealed or not.

namespace authplane::authserver {

OrderedJson view_of(const Client& client);
OrderedJson view_of(const User& user);
OrderedJson view_of(const Resource& resource);
OrderedJson view_of(const Issuance& issuance);
OrderedJson view_of(const IssuanceList& list);
OrderedJson view_of(const TokenList& list);
OrderedJson view_of(const ConsentGrant& grant);
OrderedJson view_of(const BrokerGrant& grant);
OrderedJson view_of(const FrontingLink& link);
OrderedJson view_of(const std::vector<FrontingLink>& links);
// Its config_data is the same JSON, but not byte for byte.
OrderedJson view_of(const BrokerProvider& provider);
// The same with config_data byte for byte, as text.
std::string provider_json(const BrokerProvider& provider);
OrderedJson view_of(const AuditEvent& event);
OrderedJson view_of(const KeyView& key);
// What a user allowed and connected.
OrderedJson user_grants_view(const std::vector<ConsentGrant>& consent,
                             const std::vector<BrokerGrant>& accounts);
// The only view with a client secret: the answer to a registration.
OrderedJson registration_view(const RegisteredClient& registered);

}  // namespace authplane::authserver
