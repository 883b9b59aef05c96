// Header fields of a response head, looked at in place.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mccoy::load {
/// The next line without its end (LF or CR LF) is taken off the front of `rest`. Nothing left: "".
std::string_view take_line(std::string_view& rest);
bool equal_ignoring_case(std::string_view a, std::string_view lower_case);
std::string_view trim_blanks(std::string_view text);  ///< spaces and tabs at both ends

/// One field; value may span lines that begin with a blank, which are part of it.
struct Field {
  std::string_view name, value;
};
/// Takes a field and its continuation lines off the front of `rest`.
///   returns  none when the line is no field: no colon, no name, a blank or an odd character in the name
std::optional<Field> take_field(std::string_view& rest);
/// The first field of that name of a head (status line included). none: there is none
std::optional<std::string> field_of(std::string_view head, std::string_view name);
/// True when the comma separated list has the word.
bool list_has(std::string_view list, std::string_view lower_case_word);
/// The last word of a comma separated list, without parameters.
std::string_view last_of_list(std::string_view list);
/// "42", or "42, 42"; none: no number, over 63 bits, or different ones
std::optional<std::uint64_t> content_length(std::string_view value);
}  // namespace mccoy::load
