#include "harness/target/via/http_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "harness/base/text.hpp"

namespace mccoy::via {
namespace {
constexpr std::string_view kLineEnd = "\r\n";

bool same_word(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view first_line(std::string_view head) {
  return head.substr(0, head.find(kLineEnd));
}

/// Where the line of a header begins, and how long it is with its end; npos when there is none.
std::pair<std::size_t, std::size_t> find_header(std::string_view head, std::string_view name) {
  std::size_t at = head.find(kLineEnd);
  while (at != std::string_view::npos && at + 2 < head.size()) {
    const std::size_t begin = at + 2;
    at = head.find(kLineEnd, begin);
    const std::string_view line = head.substr(begin, at == std::string_view::npos ? at : at - begin);
    if (same_word(line.substr(0, line.find(':')), name)) return {begin, line.size() + 2};
  }
  return {std::string_view::npos, 0};
}

bool is_chunked(std::string_view head) {
  const std::string_view coding = header_of(head, "transfer-encoding");
  return coding.size() >= 7 && same_word(coding.substr(coding.size() - 7), "chunked");
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct Phrase {
  int status;
  std::string_view text;
};
constexpr Phrase kPhrases[] = {{400, "Bad Request"},
                               {401, "Unauthorized"},
                               {403, "Forbidden"},
                               {404, "Not Found"},
                               {408, "Request Timeout"},
                               {429, "Too Many Requests"},
                               {500, "Internal Server Error"},
                               {502, "Bad Gateway"},
                               {503, "Service Unavailable"},
                               {504, "Gateway Timeout"}};
}  // namespace

bool looks_like_request(std::string_view head) {
  const std::string_view line = first_line(head);
  const auto words = split(std::string(line), ' ');
  return words.size() == 3 && words[2].starts_with("HTTP/1.") && !words[0].empty() &&
         std::ranges::all_of(words[0], [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool looks_like_response(std::string_view head) {
  return head.starts_with("HTTP/1.");
}

std::string_view method_of(std::string_view head) {
  return head.substr(0, head.find(' '));
}

int status_of(std::string_view head) {
  const auto blank = head.find(' ');
  return blank == std::string_view::npos ? 0 : static_cast<int>(number(head.substr(blank + 1, 3)));
}

std::string_view header_of(std::string_view head, std::string_view name) {
  const auto [at, length] = find_header(head, name);
  if (at == std::string_view::npos) return {};
  return trim(head.substr(at + name.size() + 1, length - 2 - name.size() - 1));
}

std::string with_header(std::string_view head, std::string_view name, std::string_view value) {
  std::string text(head);
  const auto [at, length] = find_header(head, name);
  const std::string line = fmt::format("{}: {}\r\n", name, value);
  if (at != std::string_view::npos) return text.replace(at, length, line);
  return text.insert(text.find(kLineEnd) + 2, line);
}

Framing framing_of_request(std::string_view head) {
  if (is_chunked(head)) return {.how = Framing::How::chunked};
  const std::uint64_t bytes = number(header_of(head, "content-length"));
  return bytes == 0 ? Framing{} : Framing{.how = Framing::How::counted, .bytes = bytes};
}

Framing framing_of_response(std::string_view head, bool answers_head) {
  const int status = status_of(head);
  if (answers_head || status < 200 || status == 204 || status == 304) return {};
  if (is_chunked(head)) return {.how = Framing::How::chunked};
  const std::string_view length = header_of(head, "content-length");
  if (length.empty()) return {.how = Framing::How::until_end};
  const std::uint64_t bytes = number(length);
  return bytes == 0 ? Framing{} : Framing{.how = Framing::How::counted, .bytes = bytes};
}

std::string made_response(int status, bool answers_head) {
  constexpr std::string_view kBody = "this answer was put in place of the service's by a fault\n";
  const auto* phrase = std::ranges::find(kPhrases, status, &Phrase::status);
  const bool bare = status < 200 || status == 204 || status == 304;
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: text/plain\r\n{}X-Fault: http_status\r\n\r\n{}", status,
                     phrase == std::end(kPhrases) ? "Fault" : phrase->text,
                     bare ? "" : fmt::format("Content-Length: {}\r\n", kBody.size()),
                     bare || answers_head ? "" : kBody);
}
}  // namespace mccoy::via
