#include <authplane/jose/jws.h>

#include <array>
#include <utility>

#include <authplane/base/encoding.h>

namespace authplane {
namespace {

Unexpected<Error> malformed(std::string_view problem) {
  return Err(ErrorCode::invalid_signature, "malformed JWS: " + std::string(problem));
}

}  // namespace

Result<SplitJws> split_unverified_jws(std::string_view compact, const JwsLimits& limits) {
  if (compact.size() > limits.max_bytes)
    return malformed("longer than " + std::to_string(limits.max_bytes) + " bytes");
  const std::size_t first = compact.find('.');
  const std::size_t second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos) return malformed("not three parts separated by dots");
  if (compact.find('.', second + 1) != std::string_view::npos)
    return malformed("more than three parts (a JWE?)");

  auto payload = base64url_decode(compact.substr(first + 1, second - first - 1));
  if (!payload) return malformed("the payload is not strict base64url");
  auto signature = base64url_decode(compact.substr(second + 1));
  if (!signature) return malformed("the signature is not strict base64url");
  return SplitJws{compact.substr(0, first), compact.substr(0, second), std::move(*payload),
                  std::move(*signature)};
}

Result<UnverifiedJws> parse_unverified_jws(std::string_view compact, const JwsLimits& limits) {
  auto parts = split_unverified_jws(compact, limits);
  if (!parts) return Err(std::move(parts.error()));
  const auto header_text = base64url_decode(parts->encoded_header);
  if (!header_text) return malformed("the header is not strict base64url");
  auto header = parse_json_object(*header_text, {.max_bytes = limits.max_bytes, .max_depth = 8});
  if (!header) return malformed("header: " + header.error().message);
  return UnverifiedJws{std::move(*header), parts->signing_input, std::move(parts->payload),
                       std::move(parts->signature)};
}

Result<std::string> sign_jws(const OrderedJson& header, std::string_view payload, const PrivateKey& key) {
  const auto alg = header.find("alg");
  if (alg == header.end() || !alg->is_string() ||
      alg->get_ref<const std::string&>() != to_string(key.algorithm())) {
    return Err(ErrorCode::invalid_argument, "the JWS header must name the key's algorithm in \"alg\"");
  }
  std::string text = base64url_encode(to_json_text(header));
  text += '.';
  text += base64url_encode(payload);
  auto signature = key.sign(text);
  if (!signature) return signature;
  text += '.';
  text += base64url_encode(*signature);
  return text;
}

JwsSigner::JwsSigner(PrivateKey key, std::string_view typ, std::string_view kid)
    : key_(std::move(key)), kid_(kid) {
  OrderedJson header;
  header["alg"] = to_string(key_.algorithm());
  header["typ"] = typ;
  header["kid"] = kid;
  encoded_header_ = base64url_encode(to_json_text(header)) + ".";
}

Result<std::string> JwsSigner::sign(std::string_view payload) const {
  std::string text;
  text.reserve(encoded_header_.size() + payload.size() * 4 / 3 + 2 + 96);
  text = encoded_header_;
  text += base64url_encode(payload);
  auto signature = key_.sign(text);
  if (!signature) return signature;
  text += '.';
  text += base64url_encode(*signature);
  return text;
}

}  // namespace authplane
