// Reads one HTTP/1.1 response after the other from bytes as they come, in pieces of any size. Strict: what is
// ambiguous about where a response ends is an error. Holds a buffer only while a head is incomplete; bodies pass
// through.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mccoy::load {
/// Who wants to see the response; not asked for on the hot path.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  virtual void head(std::string_view head) = 0;  ///< status line and header lines of the final response, with the last
  virtual void body(std::string_view part) = 0;  ///< decoded from chunks; not from content codings
};

class ResponseReader {
 public:
  static constexpr std::size_t kHeadMax = 64 * 1024;  ///< bytes of head, interim ones included; of trailers too

  enum class State : std::uint8_t {
    head,         ///< also before the first byte
    length,       ///< body of known length
    until_close,  ///< body that ends with the connection
    chunk_size,
    chunk_extension,
    chunk_data,
    chunk_end,
    trailer,
    done,
    malformed,
    too_large,  ///< head or trailers over kHeadMax, body over the limit
  };

  /// Before each response. head_request: its response has no body, whatever its head says.
  ///   body_limit  bytes; 0: none
  void start(bool head_request, std::uint64_t body_limit);
  /// Takes bytes in until the response is done or wrong; `sink` may be null.
  ///   returns  bytes taken; fewer than given only in done, malformed and too_large
  std::size_t feed(std::string_view bytes, ResponseSink* sink);
  /// The peer closed. True when that was the end of a whole response.
  bool end();

  State state() const { return state_; }
  bool done() const { return state_ == State::done; }
  bool wrong() const { return state_ >= State::malformed; }
  bool begun() const { return begun_; }            ///< a byte of it was seen
  int status() const { return status_; }           ///< once the head was read
  bool keep_alive() const { return keep_alive_; }  ///< once done: the connection may carry another request
  std::uint64_t body_bytes() const { return body_; }

 private:
  std::size_t feed_head(std::string_view bytes, ResponseSink* sink);
  std::size_t feed_part(std::string_view bytes, ResponseSink* sink);
  std::size_t feed_line(std::string_view bytes);
  bool take_head(std::string_view head, ResponseSink* sink);
  bool take_status_line(std::string_view line);
  bool take_fields(std::string_view fields, struct Framing& framing);
  void frame_body(const struct Framing& framing);
  std::size_t take_body(std::string_view bytes, ResponseSink* sink);
  void take_line_byte(char byte);
  bool chunk_digit(char byte);
  void end_chunk_size(char byte);
  void end_chunk_line();
  void end_chunk(char byte);
  void fail() { state_ = State::malformed; }

  std::unique_ptr<std::string> partial_;  ///< an incomplete head
  std::uint64_t left_ = 0;                ///< of the body or the chunk
  std::uint64_t body_ = 0;
  std::uint64_t body_limit_ = 0;
  std::uint32_t head_bytes_ = 0;  ///< of heads so far; of the chunk line; of trailers
  std::uint16_t status_ = 0;
  State state_ = State::done;
  std::uint8_t line_begun_ = 0;  ///< 1: the chunk size, the line of trailers or the end of a chunk has begun
  bool head_request_ = false;
  bool keep_alive_ = false;
  bool begun_ = false;
};
}  // namespace mccoy::load
