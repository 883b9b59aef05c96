#include "harness/target/via/http_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace mccoy::via {
namespace {
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kMostLine = 8 << 10;
}  // namespace

void HttpReader::read(std::string_view bytes) {
  while (!bytes.empty()) bytes = read_some(bytes);
}

std::string_view HttpReader::read_some(std::string_view bytes) {
  switch (state_) {
    case State::head:
      return read_head(bytes);
    case State::counted:
      return read_counted(bytes, State::head);
    case State::data:
      return read_counted(bytes, State::data_end);
    case State::size:
    case State::data_end:
    case State::trailer:
      return read_line(bytes);
    case State::until_end:
      events_.body(bytes);
      return {};
    case State::lost:
      events_.other(bytes);
      return {};
  }
  return {};
}

std::string_view HttpReader::read_head(std::string_view bytes) {
  const std::size_t from = kept_.size() < 3 ? 0 : kept_.size() - 3;
  const std::size_t before = kept_.size();
  kept_ += bytes.substr(0, kMostHead);
  const std::size_t end = kept_.find(kHeadEnd, from);
  if (end == std::string::npos) {
    if (kept_.size() >= kMostHead || (kept_.find("\r\n") != std::string::npos && !is_head_(kept_))) get_lost();
    return lost() ? bytes.substr(std::min(bytes.size(), kMostHead)) : std::string_view{};
  }
  bytes.remove_prefix(end + kHeadEnd.size() - before);
  kept_.resize(end + kHeadEnd.size());
  if (!is_head_(kept_)) {
    get_lost();
    return bytes;
  }
  begin_body(events_.head(std::exchange(kept_, {})));
  return bytes;
}

void HttpReader::begin_body(const Framing& framing) {
  if (lost()) return;
  left_ = framing.bytes;
  switch (framing.how) {
    case Framing::How::none:
      return finish();
    case Framing::How::counted:
      state_ = State::counted;
      return;
    case Framing::How::chunked:
      state_ = State::size;
      return;
    case Framing::How::until_end:
      state_ = State::until_end;
      return;
  }
}

std::string_view HttpReader::read_counted(std::string_view bytes, State next) {
  const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  left_ -= now;
  events_.body(bytes.substr(0, now));
  if (left_ == 0 && !lost()) {
    state_ = next;
    if (next == State::head) finish();
  }
  return bytes.substr(now);
}

std::string_view HttpReader::read_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::string_view now = bytes.substr(0, end == std::string_view::npos ? end : end + 1);
  line_ += now;
  events_.body(now);
  if (line_.size() > kMostLine) get_lost();
  if (!lost() && line_.ends_with('\n')) take_line();
  return bytes.substr(now.size());
}

void HttpReader::take_line() {
  const std::string line = std::exchange(line_, {});
  if (state_ == State::data_end) {
    state_ = State::size;
  } else if (state_ == State::size) {
    left_ = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
    if (parsed.ec != std::errc()) return get_lost();
    state_ = left_ == 0 ? State::trailer : State::data;
  } else if (line == "\r\n" || line == "\n") {
    finish();
  }
}

void HttpReader::finish() {
  state_ = State::head;
  events_.end();
}

void HttpReader::source_ended() {
  if (state_ == State::until_end) finish();
  if (!kept_.empty()) get_lost();
}

void HttpReader::get_lost() {
  state_ = State::lost;
  if (!kept_.empty()) events_.other(std::exchange(kept_, {}));
}
}  // namespace mccoy::via
