// A small DNS responder on loopback: answers for one name as it is told, and asks the server of the machine for all
// others. UDP only, one question at a time. Thread-safe.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"

namespace mccoy::chaos {
class Responder {
 public:
  struct Answer {
    std::string name;     ///< lower case, without the last dot
    std::string address;  ///< IPv4; "" = there is no such name
    Duration delay{};
  };
  /// On an address of 127.0.0.0/8 that nobody uses, port 53: resolv.conf knows no other.
  ///   upstream  IPv4 of the server for all other names; "" = they do not exist
  ///   errors    port 53 may not be used (needs root)
  static Result<std::unique_ptr<Responder>> start(Answer answer, const std::string& upstream);
  ~Responder();
  const std::string& address() const { return address_; }
  std::int64_t asked() const { return asked_; }  ///< questions about the name

 private:
  Responder() = default;
  void serve();
  std::string reply_to(const std::string& question);
  std::string forward(const std::string& question) const;

  Answer answer_;
  std::string upstream_, address_;
  UniqueFd socket_;
  Interrupt over_;
  std::atomic<std::int64_t> asked_ = 0;
  std::thread thread_;
};
/// The name a question is about, lower case; "" when it is no question.
std::string name_in_question(const std::string& packet);
}  // namespace mccoy::chaos
