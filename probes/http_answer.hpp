// The answer of an HTTP server while it comes in: headers in full up to a limit, the body in constant memory.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "harness/base/process.hpp"
#include "harness/base/value.hpp"

namespace mccoy::probes {
class HttpAnswer {
 public:
  explicit HttpAnswer(std::size_t keep) : body_(keep) {}
  /// A line of the head, or of the trailers, with its line end. False: more than kHeadBytes came.
  ///   first  set when this line starts an answer that is not an interim one (1xx)
  bool add_head_line(std::string_view line, bool& first);
  void add_body(std::string_view bytes);
  const Value& headers() const { return headers_; }  ///< lower-case name -> values joined by ", "
  const Value& trailers() const { return trailers_; }
  std::int64_t head_bytes() const { return static_cast<std::int64_t>(head_bytes_); }
  std::int64_t body_bytes() const { return body_bytes_; }
  bool started() const { return started_; }
  Output finish_body() { return body_.finish(); }
  static constexpr std::size_t kHeadBytes = 1 << 20;

 private:
  Value headers_ = Value::map(), trailers_ = Value::map();
  OutputCollector body_;
  std::size_t head_bytes_ = 0;
  std::int64_t body_bytes_ = 0;
  bool started_ = false, head_done_ = false;
};
}  // namespace mccoy::probes
