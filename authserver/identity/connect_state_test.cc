#include <set>

#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

#include "authserver/identity/connect_state.h"

namespace authplane::authserver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using Fault = ConnectStateFault;

class ConnectStateTest : public ::testing::Test {
 protected:
  ConnectState make() { return ConnectState::make(keys, binding, now, random); }
  Result<ConnectState, Fault> open(std::string_view text, sys_seconds at) {
    return ConnectState::open(keys, text, binding.user_id, binding.provider_id, at, minutes(10));
  }
  void expect_fault(std::string_view text, Fault fault) {
    const auto opened = open(text, now);
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error(), fault) << text;
  }

  const SecretString secret{std::string(32, 's')};
  const SessionKeys keys{secret};
  testing::SeededRandom random;
  const sys_seconds now{seconds(1'800'000'000)};
  ConnectBinding binding{
      .user_id = "user-ada", .provider_id = "provider-1", .return_url = "https://app.example/done"};
};

TEST_F(ConnectStateTest, OpensForWhomItWasMade) {
  const ConnectState made = make();
  const auto opened = open(made.text(), now);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->id(), made.id());
  EXPECT_TRUE(opened->leads_to(keys, binding.return_url));
  EXPECT_FALSE(opened->leads_to(keys, "https://evil.example/done"));
  EXPECT_FALSE(opened->leads_to(keys, ""));
  EXPECT_LT(made.text().size(), 256U);
  EXPECT_EQ(made.text().find(made.id()), std::string::npos);
}

TEST_F(ConnectStateTest, TellsTheProviderNothing) {
  const std::string text = make().text();
  for (const std::string_view part : {binding.user_id, binding.provider_id, std::string_view("app.example")})
    EXPECT_EQ(text.find(part), std::string::npos);
  std::set<std::string> parts;
  for (int i = 0; i < 100; ++i) {
    const std::string one = make().text();
    parts.insert(one);
    parts.insert(one.substr(one.find('.', 30)));  // the tag of the same user
  }
  EXPECT_EQ(parts.size(), 200U);
}

TEST_F(ConnectStateTest, T13AnAlteredOneIsForged) {
  const std::string text = make().text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string altered = text;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    expect_fault(altered, Fault::forged);
    expect_fault(text.substr(0, i), Fault::forged);
  }
  for (const std::string& other :
       {text + "A", text + ".", "." + text, text + "." + text, std::string("....."), std::string(10'000, '.'),
        std::string("1.a.1800000000.b.c.d")}) {
    expect_fault(other, Fault::forged);
  }
}

TEST_F(ConnectStateTest, T13AnotherSecretMadeNoneOfOurs) {
  const SessionKeys others(SecretString(std::string(32, 't')));
  expect_fault(ConnectState::make(others, binding, now, random).text(), Fault::forged);
}

TEST_F(ConnectStateTest, T13AnotherProviderDoesNotEndIt) {
  const ConnectBinding other{
      .user_id = binding.user_id, .provider_id = "provider-2", .return_url = binding.return_url};
  expect_fault(ConnectState::make(keys, other, now, random).text(), Fault::forged);
}

TEST_F(ConnectStateTest, T13AnotherUserDoesNotEndIt) {
  const ConnectBinding other{
      .user_id = "user-eve", .provider_id = binding.provider_id, .return_url = binding.return_url};
  expect_fault(ConnectState::make(keys, other, now, random).text(), Fault::of_another_user);
}

// Where the parts end cannot be moved.
TEST_F(ConnectStateTest, T13NoTwoBindingsReadTheSame) {
  const ConnectBinding longer{
      .user_id = "user-ada.", .provider_id = binding.provider_id, .return_url = binding.return_url};
  expect_fault(ConnectState::make(keys, longer, now, random).text(), Fault::of_another_user);
  const std::string text = make().text();
  const std::size_t last = text.rfind('.');
  const auto shifted = ConnectState::open(keys, text.substr(0, last) + ".provider-1" + text.substr(last),
                                          binding.user_id, "", now, minutes(10));
  EXPECT_FALSE(shifted);
}

TEST_F(ConnectStateTest, T13ItLastsTenMinutes) {
  const std::string text = make().text();
  EXPECT_TRUE(open(text, now + minutes(10) - seconds(1)));
  for (const sys_seconds at : {now + minutes(10), now + minutes(10'000), now - minutes(2)}) {
    const auto opened = open(text, at);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), Fault::expired);
  }
  EXPECT_TRUE(open(text, now - seconds(30)));  // begun by a server whose clock is ahead
}

}  // namespace
}  // namespace authplane::authserver
