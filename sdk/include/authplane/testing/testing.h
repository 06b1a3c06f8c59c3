#pragma once

// Test doubles that users of the SDK may use too. Never link this into a shipped binary.

#include <authplane/testing/fake_clock.h>
#include <authplane/testing/fixed_resolver.h>
#include <authplane/testing/proof_builder.h>
#include <authplane/testing/recording_logger.h>
#include <authplane/testing/scripted_authorization_server.h>
#include <authplane/testing/scripted_transport.h>
#include <authplane/testing/seeded_random.h>
#include <authplane/testing/token_builder.h>
