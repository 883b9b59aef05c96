// The head of an HTTP/1.x message, as text: enough of it to know where the message ends and to change one line.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mccoy::via {
/// How the end of a body is found.
struct Framing {
  enum class How { none, counted, chunked, until_end } how = How::none;
  std::uint64_t bytes = 0;  ///< counted
};

bool looks_like_request(std::string_view head);  ///< its first line is "WORD WORD HTTP/1.x"
bool looks_like_response(std::string_view head);
std::string_view method_of(std::string_view head);
int status_of(std::string_view head);  ///< 0: none
/// The value of a header, without blanks around it; "" when it is not there.
std::string_view header_of(std::string_view head, std::string_view name);
/// Replaces it, or adds it.
std::string with_header(std::string_view head, std::string_view name, std::string_view value);

Framing framing_of_request(std::string_view head);
Framing framing_of_response(std::string_view head, bool answers_head);
/// A whole response that says that it was made by a fault.
std::string made_response(int status, bool answers_head);
}  // namespace mccoy::via
