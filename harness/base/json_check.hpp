// A second opinion on JSON, several times faster than reading it, for journals that are only to be checked.
#pragma once
#include <string_view>

namespace mccoy {
/// True only when from_json() accepts the text. False says nothing: numbers with an exponent, keys with an escape and
/// escaped surrogates are left to from_json(), and so is every mistake, which it explains.
bool surely_json(std::string_view text);
}  // namespace mccoy
