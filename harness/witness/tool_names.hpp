// The names a tool goes by, and lists of words in tables.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mccoy::witness {
/// Is it one of the words of a list with a blank before and behind each: " make gmake "?
bool in_words(std::string_view words, std::string_view word);
bool is_any_of(std::string_view tools, const std::set<std::string>& names);

/// "python3.11" and "clang-14" are python and clang.
std::string without_version(std::string name);

/// As it was called, and the file that this leads to; without versions and without endings ("jest.js" is jest).
///   env  its PATH is where the tool is looked for
std::set<std::string> names_of(const std::string& tool, const std::vector<std::string>& env);
}  // namespace mccoy::witness
