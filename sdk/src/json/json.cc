#include <authplane/json/json.h>

#include <iterator>
#include <vector>

#include <nlohmann/json.hpp>

namespace authplane {
namespace {

// Walks the text for the parser and lets the builder know how far it got.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** reached_;
};

// Builds the document while the parser reads, and stops it at the first duplicate name or excess level.
class StrictBuilder final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictBuilder(std::size_t max_depth) : max_depth_(max_depth) {}

  bool null() override { return place(nullptr); }
  bool boolean(bool value) override { return place(value); }
  bool number_integer(number_integer_t value) override { return place(value); }
  bool number_unsigned(number_unsigned_t value) override { return place(value); }
  bool number_float(number_float_t value, const string_t&) override { return place(value); }
  bool string(string_t& value) override { return place(std::move(value)); }
  bool binary(binary_t&) override { return stop("binary value"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const auto [member, added] = open_.back()->emplace(std::move(name), nullptr);
    if (!added) return stop("duplicate member name");
    slot_ = &*member;
    return true;
  }

  // Reached for everything the grammar refuses. The library's own text quotes the input, so it is not used.
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    offset_ = position;
    return stop(error.id == 406 ? "number out of range" : "not valid JSON");
  }

  Json take() { return std::move(root_); }
  const char* problem() const { return problem_; }
  std::size_t offset_or(std::size_t reached) const { return offset_ != 0 ? offset_ : reached; }

 private:
  template <class T>
  Json* store(T&& value) {
    if (open_.empty()) {
      root_ = std::forward<T>(value);
      return &root_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::forward<T>(value));
      return &parent.back();
    }
    *slot_ = std::forward<T>(value);
    return slot_;
  }
  template <class T>
  bool place(T&& value) {
    store(Json(std::forward<T>(value)));
    return true;
  }
  bool open(Json container) {
    if (open_.size() == max_depth_) return stop("nested too deeply");
    open_.push_back(store(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool stop(const char* problem) {
    problem_ = problem;
    return false;
  }

  const std::size_t max_depth_;
  Json root_;
  std::vector<Json*> open_;  // containers being filled; a parent never grows while its child is open
  Json* slot_ = nullptr;     // value of the member whose name was read last
  const char* problem_ = "not valid JSON";
  std::size_t offset_ = 0;
};

Unexpected<Error> refuse(std::size_t offset, std::string_view problem) {
  return Err(ErrorCode::protocol_error,
             "JSON: " + std::string(problem) + " at byte " + std::to_string(offset));
}

template <class T>
std::string dump(const T& value) {
  return value.dump(-1, ' ', false, T::error_handler_t::replace);
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return refuse(limits.max_bytes, "document longer than " + std::to_string(limits.max_bytes) + " bytes");
  }
  // The library skips a byte order mark and takes a NUL byte for the end of the text.
  if (text.starts_with("\xEF\xBB\xBF")) return refuse(0, "byte order mark");
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) return refuse(nul, "NUL byte");

  StrictBuilder builder(limits.max_depth);
  const char* reached = text.data();
  const bool accepted = Json::sax_parse(CountingIterator(text.data(), &reached),
                                        CountingIterator(text.data() + text.size(), &reached), &builder);
  if (!accepted) {
    return refuse(builder.offset_or(static_cast<std::size_t>(reached - text.data())), builder.problem());
  }
  return builder.take();
}

Result<Json> parse_json_object(std::string_view text, const JsonLimits& limits) {
  auto document = parse_json(text, limits);
  if (document && !document->is_object()) return refuse(0, "document is not an object");
  return document;
}

std::string to_json_text(const Json& value) {
  return dump(value);
}

std::string to_json_text(const OrderedJson& value) {
  return dump(value);
}

const Json* find_member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

const std::string* find_string(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  return member == nullptr ? nullptr : member->get_ptr<const std::string*>();
}

const Json* find_object(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  return member != nullptr && member->is_object() ? member : nullptr;
}

const Json* find_array(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  return member != nullptr && member->is_array() ? member : nullptr;
}

}  // namespace authplane
