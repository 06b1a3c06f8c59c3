#pragma once

#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include <authplane/base/error.h>

namespace authplane {

// Thrown by Result::value() when there is no value; carries the Error.
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

// The Exception of consent_required: a person has to agree before the call can succeed.
class ConsentRequired : public Exception {
 public:
  explicit ConsentRequired(Error error) : Exception(std::move(error)) {}
  const std::optional<std::string>& consent_url() const noexcept { return error().consent->consent_url; }
  const std::string& service_id() const noexcept { return error().consent->service_id; }
  const std::string& cause() const noexcept { return error().consent->cause; }
};

[[noreturn]] inline void throw_error(const Error& error) {
  if (error.code == ErrorCode::consent_required && error.consent) throw ConsentRequired(error);
  throw Exception(error);
}

// Marks a failure: `return Err(Error{...});`
template <class E = Error>
struct Unexpected {
  E error;
};
template <class E>
Unexpected<std::decay_t<E>> Err(E&& error) {
  return {std::forward<E>(error)};
}
inline Unexpected<Error> Err(ErrorCode code, std::string message) {
  return {Error{.code = code,
                .message = std::move(message),
                .oauth = {},
                .consent = {},
                .required_scopes = {},
                .dpop_nonce = {}}};
}

// A value or an error, with the surface of std::expected (C++23). `value()` throws Exception, or
// ConsentRequired, when E is Error; the other accessors require the state they name.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  template <class G>
  Result(Unexpected<G> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}  // NOLINT

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  E& error() & { return *std::get_if<1>(&state_); }
  const E& error() const& { return *std::get_if<1>(&state_); }
  E&& error() && { return std::move(*std::get_if<1>(&state_)); }

  T& value() & { return check(), **this; }
  const T& value() const& { return check(), **this; }
  T&& value() && { return check(), std::move(**this); }
  template <class U>
  T value_or(U&& fallback) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  void check() const {
    if (has_value()) return;
    if constexpr (std::is_same_v<E, Error>) {
      throw_error(error());
    } else {
      throw std::logic_error("Result::value() called on an error");
    }
  }
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  Result() = default;
  template <class G>
  Result(Unexpected<G> failure) : error_(std::in_place_index<1>, std::move(failure.error)) {}  // NOLINT

  bool has_value() const noexcept { return error_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  E& error() & { return *std::get_if<1>(&error_); }
  const E& error() const& { return *std::get_if<1>(&error_); }
  E&& error() && { return std::move(*std::get_if<1>(&error_)); }
  void value() const {
    if (has_value()) return;
    if constexpr (std::is_same_v<E, Error>) {
      throw_error(error());
    } else {
      throw std::logic_error("Result::value() called on an error");
    }
  }

 private:
  std::variant<std::monostate, E> error_;
};

}  // namespace authplane
