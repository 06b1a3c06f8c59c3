#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace authplane {

// Compares in time that depends only on the lengths. Different lengths are unequal at once.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

// Overwrites the bytes in a way the optimiser keeps.
void wipe(std::string& text) noexcept;

// A secret that cannot be printed, logged, copied by accident or compared in variable time. Wiped when
// destroyed. clone() is the one way to copy; expose() the one way to read. Has no operator<<: streaming one
// is a compile error.
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string text) : text_(std::move(text)) {}
  SecretString(SecretString&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
  SecretString& operator=(SecretString&& other) noexcept {
    if (this != &other) {
      wipe(text_);
      text_ = std::move(other.text_);
      wipe(other.text_);
    }
    return *this;
  }
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString() { wipe(text_); }

  SecretString clone() const { return SecretString(text_); }
  std::string_view expose() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  std::size_t size() const noexcept { return text_.size(); }

  friend bool operator==(const SecretString& a, const SecretString& b) noexcept {
    return constant_time_equal(a.text_, b.text_);
  }
  template <class Stream>
  friend Stream& operator<<(Stream&, const SecretString&) = delete;

 private:
  std::string text_;
};

}  // namespace authplane
