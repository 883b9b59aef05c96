// The one place where bytes of a target become text for a person, an XML parser, a JSON parser or a CI log.
// Bytes from outside never reach a terminal or a report by any other road.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mccoy {
/// For a terminal or a CI log, one line. Visible escapes stand for: controls (C0 but TAB, DEL, C1) and invalid bytes
/// (\x1b), line ends (\n, \r), invisible, bidirectional and ignorable characters (\u202e; not inside an emoji).
/// Orders to a CI agent are broken by an escape of their first character: "##vso[", "##teamcity[", "##[",
/// "section_start:", "section_end:", "[[ATTACHMENT|", "[[PROPERTY|" anywhere; "::word" where a line starts or behind a
/// blank, so "std::string" stays. A backslash of the target is kept as it is: the result is for reading, not for
/// undoing.
///   max_bytes  of the result; 0: no limit. A cut is marked with "…" (three bytes more)
std::string visible_line(std::string_view bytes, std::size_t max_bytes = 0);
/// The same for several lines: LF and TAB stay; every line is safe by itself. CR LF becomes LF.
std::string visible_text(std::string_view bytes);
/// Valid UTF-8 holding only XML 1.0 characters; others, DEL and C1 become a visible escape. "[[ATTACHMENT|" and
/// "[[PROPERTY|" are broken. Markup is not escaped: that is the XML writer's work. No limit on length.
std::string xml_text(std::string_view bytes);
/// Valid UTF-8: each invalid byte becomes U+FFFD. All else, controls too, stays (the JSON writer escapes it).
std::string utf8_text(std::string_view bytes);
bool is_utf8(std::string_view bytes);
/// 1-based line and column of the first byte that is not UTF-8; {0,0} if all is well.
std::pair<int, int> first_bad_utf8(std::string_view bytes);
/// The nearest of the candidates by edit distance when it is near enough to be meant, else empty.
std::string_view did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);
std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// As a shell would need it to get the same argv back.
std::string shell_quoted(const std::vector<std::string>& argv);
std::string hex(std::string_view bytes);
std::string unhex(std::string_view digits);  ///< "" when it is not hex
std::string base64(std::string_view bytes);
}  // namespace mccoy
