// One line of the journal: how it is spelt, for its writer and its reader. Private to this room.
#pragma once
#include <string>
#include <string_view>

#include "harness/evidence/journal.hpp"

namespace mccoy::evidence {
inline constexpr std::string_view kNoHash = "0000000000000000000000000000000000000000000000000000000000000000";
inline constexpr std::string_view kCloseType = "close";

/// The line without its newline. `body` is JSON on one line; `hash` becomes the digest that ends the line.
std::string record_line(const Record& record, std::string_view prev, std::string_view body, std::string& hash);

/// A line taken apart; the views point into it.
struct LineParts {
  std::int64_t seq = 0, wall_ms = 0, mono_us = 0;
  std::string_view type, prev, body, hash, hashed;  ///< hashed: the bytes that `hash` is of
};
/// Accepts exactly the spelling of record_line(); the body is not looked at and the digest not recomputed.
bool take_apart(std::string_view line, LineParts& parts);
}  // namespace mccoy::evidence
