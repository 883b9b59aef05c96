// One connection to an address, as a client makes it: what it is met with. To see a fault act, and to see it gone.
#pragma once
#include <string>

#include "harness/base/clock.hpp"
#include "harness/target/via/address.hpp"

namespace mccoy::via {
struct Knock {
  enum class How {
    refused,     ///< nobody listens
    reset,       ///< accepted, and then reset
    closed,      ///< accepted, and ended without an answer
    silent,      ///< accepted, and nothing came until the deadline
    answered,    ///< bytes came
    stood,       ///< nothing was said, and it still stood at the deadline
    unreachable  ///< anything else
  } how = How::unreachable;
  Duration connected{};  ///< until the connection stood
  Duration answered{};   ///< until the first byte
  std::string bytes;     ///< what came at first, 4 KiB at most
};
/// Connects, says this, and waits for the first bytes; without anything to say it waits whether the connection stands.
Knock knock(const Address& address, const std::string& say, Deadline deadline);
}  // namespace mccoy::via
