// What is shared while one suite file is read: its text, the mistakes found so far, and the names its variables may
// use.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"
#include "harness/suite/field.hpp"
#include "harness/suite/node.hpp"
#include "harness/suite/scope.hpp"
#include "harness/suite/suite.hpp"

namespace mccoy::suite {
inline constexpr std::size_t kMaxMistakes = 20;
inline constexpr std::string_view kPatternAdvice = "RE2 syntax; double quotes need \\\\ where single quotes need \\";

/// Whose fields are being read; decides which variables may stand there.
struct Reader {
  enum class Of { suite, preflight, service, one_case } of = Of::suite;
  std::size_t index = 0;                            ///< of the case
  bool has_vary = false;                            ///< the case has a `vary`, so ${vary} means something
  const std::vector<std::string>* ports = nullptr;  ///< names of further ports of the service
  std::set<std::string, std::less<>> services;      ///< found: services named by ${services.x.…}
  std::set<std::string, std::less<>> names;         ///< found: what only a capture can explain
};

/// A name that only a capture can explain; looked at when all cases are known.
struct CaptureUse {
  std::size_t user = 0;  ///< index of the case
  std::string name;
  Span span;
};

class Places;

class Reading {
 public:
  Reading(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  std::string_view file() const { return file_; }
  std::string_view text() const { return text_; }
  Span span(const Node& node) const { return node.span(file_); }
  /// The first place of these bytes in a list or text that starts at `from`; `from` itself when they are not found.
  Span within(Span from, std::string_view bytes) const;
  std::size_t offset_of(const Span& place) const;
  /// The place of an offset at or after this line.
  Span span_at(std::size_t offset, std::size_t length, int line) const;

  void add(const Node& node, std::string what, std::string hint = {});
  void add(Span span, std::string what, std::string hint = {});
  void add(Error error);
  bool full() const { return errors_.size() >= kMaxMistakes; }
  std::size_t count() const { return errors_.size(); }
  std::vector<Error> take_errors();  ///< in file order; of several about one place the first

  void set_vars(Value values);              ///< a map
  void add_service(std::string_view name);  ///< the view must outlive this
  bool has_service(std::string_view name) const { return services_.contains(name); }
  /// Every ${…} of the scalars in this node is one that may stand here; says what is wrong otherwise.
  void check_variables(const Node& node, Reader& reader);

  Value vars;
  std::vector<std::string_view> service_names;
  std::set<std::string, std::less<>> vias;  ///< services that somebody wants to reach through a proxy
  std::map<std::string, std::vector<std::size_t>, std::less<>> captured_by;  ///< capture -> cases
  std::vector<CaptureUse> capture_uses;

 private:
  void check_scalar(const Node& node, Reader& reader);
  void check_use(Places& places, std::string_view written, const VariableUse& use, Reader& reader);
  void check_service_use(Places& places, std::string_view written, const VariableUse& use, Reader& reader);
  bool known_var(std::string_view name) const;
  std::size_t offset_of_line(int line) const;

  std::string_view text_;
  std::string_view file_;
  std::vector<Error> errors_;
  std::unordered_set<std::string_view> services_;
  std::unordered_map<std::string_view, const Value*> vars_by_name_;
  mutable std::vector<std::uint32_t> line_starts_;
};

/// Finds parts of a scalar in the file, from left to right, in one pass over it.
class Places {
 public:
  Places(const Reading& reading, const Node& scalar);
  /// Of these bytes, behind what was found before; the whole scalar when it was written with escapes.
  Span next(std::string_view bytes);

 private:
  const Reading& reading_;
  const Node& scalar_;
  std::size_t begin_ = 0;
  std::string_view raw_;
  std::size_t cursor_ = 0;
  bool lost_ = false;
};

/// "did you mean "x"?", or the other hint.
std::string near_or(std::string_view word, const std::vector<std::string_view>& candidates, std::string_view otherwise);
/// "a, b, c"
std::string listed(const std::vector<std::string_view>& words);
}  // namespace mccoy::suite
