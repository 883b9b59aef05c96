#include "probes/http_answer.hpp"

#include <algorithm>

#include "harness/base/text.hpp"

namespace mccoy::probes {
namespace {
/// "HTTP/1.1 103 Early Hints": an answer follows.
bool is_interim(std::string_view status_line) {
  const auto blank = status_line.find(' ');
  return blank != std::string_view::npos && status_line.substr(blank + 1).starts_with('1');
}

void join_in(Value& headers, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string value(trim(line.substr(colon + 1)));
  if (const Value* before = headers.find(name)) value = before->as_string() + ", " + value;
  headers.set(name, std::move(value));
}
}  // namespace

bool HttpAnswer::add_head_line(std::string_view line, bool& first) {
  head_bytes_ += line.size();
  first = false;
  if (head_bytes_ > kHeadBytes) return false;
  if (line.starts_with("HTTP/") && (head_done_ || !started_)) {
    if (is_interim(line)) return true;
    headers_ = Value::map();
    trailers_ = Value::map();
    head_done_ = false;
    first = started_ = true;
  } else if (trim(line).empty()) {
    head_done_ = started_;
  } else if (started_) {
    join_in(head_done_ ? trailers_ : headers_, line);
  }
  return true;
}

void HttpAnswer::add_body(std::string_view bytes) {
  body_bytes_ += static_cast<std::int64_t>(bytes.size());
  body_.add(bytes);
}
}  // namespace mccoy::probes
