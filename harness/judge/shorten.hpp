// What was there, made short enough to stand in a judgement. Always valid UTF-8, so that it survives the journal
// unchanged; control characters stay and are cleaned by whoever shows it.
#pragma once
#include <string>
#include <string_view>

#include "harness/base/value.hpp"

namespace mccoy::judge {
constexpr std::size_t kShown = 400;  ///< bytes of a text of the target

/// The beginning, never cut inside a character; "… (N bytes in all)" tells that there is more.
std::string shorten(std::string_view text, std::size_t limit = kShown);
/// As JSON, so that 200 and "200" do not look alike.
std::string shorten_json(const Value& value, std::size_t limit = kShown);
/// The names in a map or the length of a list: `"code", "message"` | `a list of 3` | `the number 5`.
std::string outline(const Value& value);
}  // namespace mccoy::judge
