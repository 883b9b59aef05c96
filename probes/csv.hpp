// Comma-separated values, as RFC 4180 has them; a quote within a field that does not begin with one is a letter.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"

namespace mccoy::probes {
/// All rows, the first too. A field in quotes may hold commas, line ends and doubled quotes; lines end with LF or CRLF;
/// empty lines are left out, and so is a byte order mark.
///   errors  a quote that is never closed, something behind the closing one; where.line: where the field begins
Result<std::vector<std::vector<std::string>>> read_csv(std::string_view text);
}  // namespace mccoy::probes
