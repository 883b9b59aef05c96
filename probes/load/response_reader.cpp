#include "probes/load/response_reader.hpp"

#include <algorithm>
#include <cstring>

#include "probes/load/http_fields.hpp"

namespace mccoy::load {
/// What the fields of a head say about the body and the connection.
struct Framing {
  bool has_length = false, chunked = false, coded = false;  ///< coded: a transfer coding that does not end in chunked
  bool close = false, keep = false;
  std::uint64_t length = 0;
};

namespace {
constexpr std::uint64_t kChunkMax = std::uint64_t{1} << 60;

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

/// Just behind the empty line that ends a head; 0: it is not there yet. `from`: where to look, in a line or at its
/// start.
std::size_t end_of_head(std::string_view bytes, std::size_t from) {
  for (auto at = bytes.find('\n', from); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at + 1 < bytes.size() && bytes[at + 1] == '\n') return at + 2;
    if (at + 2 < bytes.size() && bytes[at + 1] == '\r' && bytes[at + 2] == '\n') return at + 3;
  }
  return 0;
}

bool take_length(std::string_view value, Framing& framing) {
  const auto length = content_length(value);
  if (!length || (framing.has_length && framing.length != *length)) return false;
  framing.has_length = true;
  framing.length = *length;
  return true;
}

bool take_coding(std::string_view value, Framing& framing) {
  if (framing.chunked) return false;  // nothing may follow chunked
  framing.chunked = equal_ignoring_case(last_of_list(value), "chunked");
  framing.coded = !framing.chunked;
  return true;
}

bool take_one(const Field& field, Framing& framing) {
  switch (field.name.size()) {
    case 10:
      if (!equal_ignoring_case(field.name, "connection")) return true;
      framing.close = framing.close || list_has(field.value, "close");
      framing.keep = framing.keep || list_has(field.value, "keep-alive");
      return true;
    case 14:
      return !equal_ignoring_case(field.name, "content-length") || take_length(field.value, framing);
    case 17:
      return !equal_ignoring_case(field.name, "transfer-encoding") || take_coding(field.value, framing);
    default:
      return true;
  }
}
}  // namespace

void ResponseReader::start(bool head_request, std::uint64_t body_limit) {
  state_ = State::head;
  head_request_ = head_request;
  body_limit_ = body_limit;
  left_ = body_ = 0;
  head_bytes_ = 0;
  status_ = 0;
  begun_ = keep_alive_ = false;
  if (partial_) partial_.reset();
}

std::size_t ResponseReader::feed(std::string_view bytes, ResponseSink* sink) {
  std::size_t taken = 0;
  begun_ = begun_ || !bytes.empty();
  while (taken < bytes.size() && state_ < State::done) {
    const auto rest = bytes.substr(taken);
    taken += state_ == State::head ? feed_head(rest, sink) : feed_part(rest, sink);
  }
  return taken;
}

bool ResponseReader::end() {
  if (state_ != State::until_close) return false;
  state_ = State::done;
  keep_alive_ = false;
  return true;
}

std::size_t ResponseReader::feed_head(std::string_view bytes, ResponseSink* sink) {
  std::size_t before = 0;  // bytes of the head that came earlier
  std::string_view head = bytes;
  if (partial_) {
    before = partial_->size();
    partial_->append(bytes.substr(0, kHeadMax + 1 - std::min(before, kHeadMax)));
    head = *partial_;
  }
  const std::size_t end = end_of_head(head, before < 3 ? 0 : before - 3);
  if (head_bytes_ + (end == 0 ? head.size() : end) > kHeadMax) {
    state_ = State::too_large;
    return bytes.size();
  }
  if (end == 0) {
    if (!partial_) partial_ = std::make_unique<std::string>(bytes);
    return bytes.size();
  }
  head_bytes_ += static_cast<std::uint32_t>(end);
  if (!take_head(head.substr(0, end), sink)) fail();
  if (partial_) partial_.reset();
  return end - before;
}

bool ResponseReader::take_head(std::string_view head, ResponseSink* sink) {
  if (std::memchr(head.data(), '\0', head.size()) != nullptr) return false;
  std::string_view fields = head;
  Framing framing;
  if (!take_status_line(take_line(fields)) || !take_fields(fields, framing)) return false;
  if (status_ / 100 == 1) return status_ != 101;  // interim; nobody asked to switch protocols
  if (sink != nullptr) sink->head(head);
  keep_alive_ = !framing.close && (keep_alive_ || framing.keep);
  frame_body(framing);
  return true;
}

bool ResponseReader::take_status_line(std::string_view line) {
  constexpr std::string_view kStart = "HTTP/1.";
  constexpr std::size_t kShortest = kStart.size() + 5;  // "HTTP/1.1 200"
  if (!line.starts_with(kStart) || line.size() < kShortest) return false;
  const char* at = line.data() + kStart.size();
  if (!is_digit(at[0]) || at[1] != ' ' || !is_digit(at[2]) || !is_digit(at[3]) || !is_digit(at[4])) return false;
  if (line.size() > kShortest && at[5] != ' ') return false;
  status_ = static_cast<std::uint16_t>((at[2] - '0') * 100 + (at[3] - '0') * 10 + (at[4] - '0'));
  keep_alive_ = at[0] != '0';
  return status_ >= 100;
}

bool ResponseReader::take_fields(std::string_view fields, Framing& framing) {
  while (fields.front() != '\n' && fields.front() != '\r') {
    const auto field = take_field(fields);
    if (!field || !take_one(*field, framing) || fields.empty()) return false;
  }
  return true;
}

void ResponseReader::frame_body(const Framing& framing) {
  if (head_request_ || status_ == 204 || status_ == 304) {
    state_ = State::done;
  } else if (framing.chunked) {
    state_ = State::chunk_size;
    line_begun_ = 0;
    keep_alive_ = keep_alive_ && !framing.has_length;  // two answers to one question: not trusted any further
  } else if (framing.has_length && !framing.coded) {
    left_ = framing.length;
    state_ = left_ == 0 ? State::done : State::length;
    if (body_limit_ != 0 && left_ > body_limit_) state_ = State::too_large;
  } else {
    state_ = State::until_close;
    left_ = UINT64_MAX;
  }
}

std::size_t ResponseReader::feed_part(std::string_view bytes, ResponseSink* sink) {
  switch (state_) {
    case State::length:
    case State::until_close:
    case State::chunk_data:
      return take_body(bytes, sink);
    default:
      return feed_line(bytes);
  }
}

std::size_t ResponseReader::take_body(std::string_view bytes, ResponseSink* sink) {
  const auto part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  body_ += part.size();
  if (body_limit_ != 0 && body_ > body_limit_) {
    state_ = State::too_large;
    return part.size();
  }
  if (sink != nullptr) sink->body(part);
  if (state_ == State::until_close) return part.size();
  left_ -= part.size();
  if (left_ > 0) return part.size();
  state_ = state_ == State::length ? State::done : State::chunk_end;
  line_begun_ = 0;
  return part.size();
}

bool ResponseReader::chunk_digit(char byte) {
  const int digit = is_digit(byte)               ? byte - '0'
                    : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                    : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                 : -1;
  if (digit < 0) return false;
  left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  line_begun_ = 1;
  if (left_ > kChunkMax) fail();
  return true;
}

/// The lines between chunks and behind them, byte by byte.
std::size_t ResponseReader::feed_line(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ >= State::chunk_size && state_ < State::done && state_ != State::chunk_data)
    take_line_byte(bytes[taken++]);
  return taken;
}

void ResponseReader::take_line_byte(char byte) {
  if (++head_bytes_ > kHeadMax) {
    state_ = State::too_large;
  } else if (state_ == State::chunk_size) {
    if (!chunk_digit(byte)) end_chunk_size(byte);
  } else if (state_ == State::chunk_extension) {
    if (byte == '\n') end_chunk_line();
  } else if (state_ == State::chunk_end) {
    end_chunk(byte);
  } else {  // trailer: an empty line ends it
    if (byte == '\n' && line_begun_ == 0) state_ = State::done;
    line_begun_ = byte == '\n' || (byte == '\r' && line_begun_ == 0) ? 0 : 1;
  }
}

void ResponseReader::end_chunk_size(char byte) {
  if (line_begun_ == 0 || std::string_view("; \t\r\n").find(byte) == std::string_view::npos) return fail();
  state_ = State::chunk_extension;
  if (byte == '\n') end_chunk_line();
}

void ResponseReader::end_chunk_line() {
  state_ = left_ == 0 ? State::trailer : State::chunk_data;
  line_begun_ = 0;
  head_bytes_ = 0;
}

void ResponseReader::end_chunk(char byte) {
  if (byte == '\n') {
    state_ = State::chunk_size;
    line_begun_ = 0;
  } else if (byte != '\r' || line_begun_++ != 0) {
    fail();
  }
}
}  // namespace mccoy::load
