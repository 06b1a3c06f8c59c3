#include "authserver/domain/act_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace authplane::authserver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ActChain, NobodyActs) {
  const Json text = "agent";
  for (const ActChain& chain : {ActChain(), ActChain::of(nullptr), ActChain::of(&text)}) {
    EXPECT_TRUE(chain.empty());
    EXPECT_EQ(chain.depth(), 0u);
    EXPECT_EQ(chain.claim(), "");
    EXPECT_THAT(chain.agents(), IsEmpty());
  }
}

TEST(ActChain, EachActorStandsInFrontOfTheOneItActsFor) {
  const ActChain chain = ActChain().with("agent-a", "agent").with("gateway");
  EXPECT_EQ(chain.claim(), R"({"sub":"gateway","act":{"sub":"agent-a","actor_type":"agent"}})");
  EXPECT_EQ(chain.depth(), 2u);
  EXPECT_THAT(chain.agents(), ElementsAre("agent-a", "gateway"));
}

TEST(ActChain, WhatATokenSaysIsKeptApartFromWhatConcernsThatToken) {
  const Json claim = parse_json(R"({"sub":"b","iss":"https://idp.example","exp":1,"nbf":1,"aud":"x","iat":1,
      "jti":"x","custom":{"exp":2},"act":{"sub":"a","exp":1,"jti":"y","act":{"iss":"z","iat":1}}})")
                         .value();
  const ActChain chain = ActChain::of(&claim);
  EXPECT_EQ(parse_json(chain.claim()).value(),
            parse_json(R"({"sub":"b","iss":"https://idp.example","custom":{"exp":2},
                           "act":{"sub":"a","act":{"iss":"z"}}})")
                .value());
  EXPECT_EQ(chain.depth(), 3u);
  EXPECT_THAT(chain.agents(), ElementsAre("", "a", "b"));
}

TEST(ActChain, TheLatestEightActorsAreNamed) {
  ActChain chain;
  for (int i = 1; i <= 10; ++i) chain = chain.with("agent-" + std::to_string(i));
  EXPECT_EQ(chain.depth(), 10u);
  EXPECT_THAT(chain.agents(), ElementsAre("agent-3", "agent-4", "agent-5", "agent-6", "agent-7", "agent-8",
                                          "agent-9", "agent-10"));
}

}  // namespace
}  // namespace authplane::authserver
