#include "canaries.h"

#include <gtest/gtest.h>

#include <set>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>

namespace authplane::e2e {
namespace {

std::set<std::string> spellings(const std::string& word) {
  const auto quoted = nlohmann::json(word).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return {word, form_encode(word), base64_encode(word), hex_encode(word),
          quoted.substr(1, quoted.size() - 2)};
}

std::string before(const std::string& text, std::size_t at) {
  const auto start = at < 200 ? 0 : at - 200;
  return nlohmann::json(text.substr(start, at - start))
      .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void Canaries::add(const std::string& what, const std::string& word) {
  ASSERT_GE(word.size(), 12U) << what << " is too short to be told from chance: " << word;
  words_.emplace_back(what, word);
}

void Canaries::add_jws(const std::string& what, const std::string& token) {
  add(what, token);
  const auto dot = token.find('.');
  add("payload of " + what, token.substr(dot + 1, token.rfind('.') - dot - 1));
  add("signature of " + what, token.substr(token.rfind('.') + 1));
}

void Canaries::expect_none_in(const std::string& where, const std::string& text) const {
  for (const auto& [what, word] : words_) {
    for (const auto& spelling : spellings(word)) {
      const auto at = text.find(spelling);
      EXPECT_EQ(at, std::string::npos) << what << " is in " << where << " behind ..." << before(text, at);
    }
  }
}

}  // namespace authplane::e2e
