// Looks for a pattern in the lines of two streams while they come in. Thread-safe.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace mccoy::target {
class LineWatch {
 public:
  /// errors: not a regular expression of RE2
  static Result<std::shared_ptr<LineWatch>> make(const std::string& pattern);
  ~LineWatch();
  /// Whole lines are looked at; of a line over 64 KiB, its first 64 KiB.
  void add(std::string_view bytes, bool err);
  bool seen() const;
  int fd() const;  ///< readable once the pattern was seen

 private:
  LineWatch();
  struct State;
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::target
