#include "harness/suite/reading.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"

namespace mccoy::suite {
std::string listed(const std::vector<std::string_view>& words) {
  constexpr std::size_t kMost = 12;
  std::string out;
  for (std::size_t i = 0; i < std::min(words.size(), kMost); ++i) {
    out += (i > 0 ? ", " : "") + visible_line(words[i], 40);
  }
  return words.size() > kMost ? out + ", …" : out;
}

std::string near_or(std::string_view word, const std::vector<std::string_view>& candidates,
                    std::string_view otherwise) {
  auto near = did_you_mean(word, candidates);
  constexpr std::size_t kLongEnough = 3;
  for (const auto candidate : candidates) {
    if (near.empty() && word.size() >= kLongEnough && candidate.starts_with(word)) near = candidate;
  }
  return near.empty() ? std::string(otherwise) : fmt::format("did you mean \"{}\"?", visible_line(near, 80));
}

void Reading::add(Error error) {
  if (!full()) errors_.push_back(std::move(error));
}
void Reading::add(Span span, std::string what, std::string hint) {
  add(Error{.where = span, .what = std::move(what), .hint = std::move(hint)});
}
void Reading::add(const Node& node, std::string what, std::string hint) {
  add(span(node), std::move(what), std::move(hint));
}

std::vector<Error> Reading::take_errors() {
  std::ranges::stable_sort(errors_, [](const Error& a, const Error& b) {
    return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
  });
  const auto inside_the_one_before = [](const Error& before, const Error& error) {
    return before.where.line == error.where.line && error.where.column > before.where.column &&
           error.where.column < before.where.column + before.where.length;
  };
  const auto repeated = std::unique(errors_.begin(), errors_.end(), inside_the_one_before);
  errors_.erase(repeated, errors_.end());
  return std::move(errors_);
}

std::size_t Reading::offset_of_line(int line) const {
  if (line_starts_.empty()) {
    line_starts_.push_back(0);
    for (std::size_t at = text_.find('\n'); at != std::string_view::npos; at = text_.find('\n', at + 1)) {
      line_starts_.push_back(static_cast<std::uint32_t>(at + 1));
    }
  }
  const auto index = static_cast<std::size_t>(std::max(line, 1) - 1);
  return index < line_starts_.size() ? line_starts_[index] : text_.size();
}

std::size_t Reading::offset_of(const Span& place) const {
  return offset_of_line(place.line) + static_cast<std::size_t>(std::max(place.column, 1) - 1);
}

Span Reading::span_at(std::size_t offset, std::size_t length, int line) const {
  for (auto next = offset_of_line(line + 1); next <= offset && next < text_.size(); next = offset_of_line(line + 1))
    ++line;
  return {.file = file_,
          .line = line,
          .column = static_cast<int>(offset - offset_of_line(line)) + 1,
          .length = static_cast<int>(length)};
}

Span Places::next(std::string_view bytes) {
  if (lost_) return reading_.span(scalar_);
  auto at = raw_.find(bytes, cursor_);
  while (at != std::string_view::npos && at > 0 && raw_[at - 1] == '$')
    at = raw_.find(bytes, at + 1);  // $${ is a literal
  lost_ = at == std::string_view::npos;
  if (lost_) return reading_.span(scalar_);
  cursor_ = at + bytes.size();
  return reading_.span_at(begin_ + at, bytes.size(), scalar_.line);
}

Places::Places(const Reading& reading, const Node& scalar) : reading_(reading), scalar_(scalar) {
  begin_ = reading.offset_of(reading.span(scalar));
  const auto text = reading.text();
  lost_ = begin_ >= text.size() || text[begin_] == '*';
  if (!lost_) raw_ = text.substr(begin_, 6 * scalar.text.size() + 1024);
}

Span Reading::within(Span from, std::string_view bytes) const {
  constexpr std::size_t kFarthest = 4096;
  const std::size_t begin = offset_of(from);
  if (begin >= text_.size() || bytes.empty()) return from;
  const auto at = text_.substr(begin, kFarthest).find(bytes);
  return at == std::string_view::npos ? from : span_at(begin + at, bytes.size(), from.line);
}
}  // namespace mccoy::suite
