// The reading half of JSON, declared in value.hpp: nlohmann's parser, and a handler stricter than the library.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "harness/base/repeated.hpp"
#include "harness/base/value.hpp"

namespace mccoy {
namespace {
/// Tells the handler how far the parser has read; the library itself keeps that from its handlers.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  Cursor operator++(int) {
    const Cursor before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// Opening quote of the string that ends just before `end`; a quote inside it stands behind an odd number of
/// backslashes.
std::size_t opening_quote(std::string_view text, std::size_t end) {
  for (std::size_t at = end - 1; at-- > 0;) {
    if (text[at] != '"') continue;
    std::size_t slashes = 0;
    while (slashes < at && text[at - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return at;
  }
  return 0;
}

class Reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Reader(std::string_view text) : text_(text), furthest_(text.data()) {}

  bool read() {
    const char* end = text_.data() + text_.size();
    if (!nlohmann::json::sax_parse(Cursor(text_.data(), &furthest_), Cursor(end, &furthest_), this)) return false;
    const auto nul = text_.find('\0');  // the library takes it for the end and would not look at what follows
    return nul == std::string_view::npos || refuse(nul, "not JSON: a NUL byte");
  }
  Value take() { return std::move(root_); }
  Error error() const { return error_; }

  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return refuse(offset(), "not JSON: binary data"); }
  bool start_object(std::size_t) override { return open(Value::map()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Value::list()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    if (level.has(name)) {
      return refuse(opening_quote(text_, offset()),
                    fmt::format("not strict JSON: the key \"{}\" is given twice", name));
    }
    level.key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& problem) override {
    constexpr std::string_view kPrefix = "not JSON: ";
    std::string_view why = problem.what();  // "[json.exception…] parse error at line 1, column 2: WHY"
    for (const std::string_view before : {"] ", "column "}) {
      if (const auto at = why.find(before); at != std::string_view::npos) why.remove_prefix(at + before.size());
    }
    if (const auto at = why.find(": "); at != std::string_view::npos && at < 12) why.remove_prefix(at + 2);
    return refuse(position == 0 ? 0 : position - 1, std::string(kPrefix) + std::string(why));
  }

 private:
  /// A list or map that is still open.
  struct Level {
    Value::List items;
    Value::Map members;
    bool is_map = false;
    std::string key;
    std::unordered_set<std::string> many_keys;  ///< of the members, once they are many

    bool has(const std::string& name) {
      if (members.size() < kFewKeys)
        return std::ranges::find(members, name, &Value::Map::value_type::first) != members.end();
      if (many_keys.empty())
        for (const auto& member : members) many_keys.insert(member.first);
      return !many_keys.insert(name).second;
    }
  };

  std::size_t offset() const { return static_cast<std::size_t>(furthest_ - text_.data()); }

  bool open(const Value& empty) {
    if (levels_.size() >= static_cast<std::size_t>(kJsonDepthMax)) {
      return refuse(offset() - 1, fmt::format("JSON is nested over {} levels deep", kJsonDepthMax));
    }
    levels_.emplace_back().is_map = empty.is_map();
    return true;
  }

  bool close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return add(level.is_map ? Value(std::move(level.members)) : Value(std::move(level.items)));
  }

  bool add(Value value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (Level& level = levels_.back(); level.is_map) {
      level.members.emplace_back(std::move(level.key), std::move(value));
    } else {
      level.items.push_back(std::move(value));
    }
    return true;
  }

  bool refuse(std::size_t at, std::string what) {
    const auto before = text_.substr(0, std::min(at, text_.size()));
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    error_.where = {.line = static_cast<int>(std::ranges::count(before, '\n')) + 1,
                    .column = static_cast<int>(before.size() - line_start) + 1};
    error_.what = std::move(what);
    return false;
  }

  std::string_view text_;
  const char* furthest_;
  std::vector<Level> levels_;
  Value root_;
  Error error_;
};
}  // namespace

Result<Value> from_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    return Error{.where = {.line = 1, .column = 1}, .what = "not strict JSON: it starts with a byte order mark"};
  }
  Reader reader(text);
  if (!reader.read()) return reader.error();
  return reader.take();
}
}  // namespace mccoy
