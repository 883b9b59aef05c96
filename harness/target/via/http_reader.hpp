// Finds the messages in one direction of an HTTP/1.x connection: heads, bodies as they come, and their ends. It keeps
// at most one head; what cannot be read as HTTP is handed back and the reader is lost from there on.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "harness/target/via/http_text.hpp"

namespace mccoy::via {
constexpr std::size_t kMostHead = 64 << 10;

class HttpReader {
 public:
  struct Events {
    /// A whole head with its empty line; says how the body ends.
    std::function<Framing(std::string head)> head;
    std::function<void(std::string_view bytes)> body;  ///< with the marks between chunks
    std::function<void()> end;
    std::function<void(std::string_view bytes)> other;  ///< what is no HTTP
  };
  using IsHead = bool(std::string_view head);

  HttpReader(IsHead* is_head, Events events) : is_head_(is_head), events_(std::move(events)) {}
  void read(std::string_view bytes);
  void source_ended();  ///< what ends with the connection has ended
  void get_lost();      ///< hands back what it kept; all further bytes are `other`
  bool lost() const { return state_ == State::lost; }

 private:
  enum class State { head, counted, size, data, data_end, trailer, until_end, lost };
  std::string_view read_some(std::string_view bytes);
  std::string_view read_head(std::string_view bytes);
  std::string_view read_counted(std::string_view bytes, State next);
  std::string_view read_line(std::string_view bytes);
  void begin_body(const Framing& framing);
  void take_line();
  void finish();

  IsHead* is_head_;
  Events events_;
  State state_ = State::head;
  std::string kept_;        ///< of a head
  std::string line_;        ///< of a chunk's size or a trailer
  std::uint64_t left_ = 0;  ///< of a counted body or a chunk
};
}  // namespace mccoy::via
