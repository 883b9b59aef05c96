// One HTTP/2 connection: many requests at once, by libnghttp2. Moves no bytes by itself.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mccoy::load {
/// Told what comes back. `tag` is what send() was given.
class Http2Owner {
 public:
  virtual ~Http2Owner() = default;
  /// A part of the response's fields or body. Never called for interim responses.
  virtual void h2_field(std::uint32_t tag, std::string_view name, std::string_view value) = 0;
  virtual void h2_body(std::uint32_t tag, std::string_view part) = 0;
  /// The stream is over. error: 0 when the response is whole, else the code of HTTP/2. status: 0 if none came
  virtual void h2_closed(std::uint32_t tag, int status, std::uint32_t error) = 0;
};

class Http2 {
 public:
  static constexpr std::size_t kStreamsMax = 100;
  using Fields = std::vector<std::pair<std::string, std::string>>;

  /// The owner must outlive it.
  static std::unique_ptr<Http2> make(Http2Owner& owner);
  ~Http2();
  Http2(const Http2&) = delete;
  Http2& operator=(const Http2&) = delete;

  /// Fields in lower case, pseudo fields first. False: this connection takes no more.
  bool send(const Fields& fields, std::string_view body, std::uint32_t tag);
  /// Gives a stream up; h2_closed is not called for it any more.
  void cancel(std::uint32_t tag);
  /// False: the peer does not speak HTTP/2.
  bool receive(std::string_view bytes);
  /// What is to be written next; valid until the next call. Empty: nothing.
  std::string_view to_write();
  bool takes_more() const;   ///< another send() would be sent at once
  bool finished() const;     ///< neither side wants anything of the other: to be closed
  std::size_t open() const;  ///< streams

 private:
  struct State;
  explicit Http2(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::load
