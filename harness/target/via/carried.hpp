// What a proxy carried, connection by connection: from a client's socket to ours to the service, as evidence of who
// answered.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/target/via/address.hpp"

namespace mccoy::via {
struct CarriedLink {
  std::uint64_t id = 0;
  Address client;                              ///< the far end of the connection that was accepted
  Address own;                                 ///< our end of the connection to the service; none when there was none
  std::int64_t began_ms = 0, ended_ms = 0;     ///< since 1970; ended 0: open
  bool connected = false;                      ///< the service accepted it
  std::int64_t to_service = 0, to_client = 0;  ///< bytes of the one that the other was given
  std::int64_t answered_by_proxy = 0;          ///< requests that a fault answered in place of the service
};

/// A moment in the life of a proxy: what was carried by then.
struct Mark {
  struct Bytes {
    std::int64_t to_service = 0, to_client = 0, answered_by_proxy = 0;
  };
  std::uint64_t next_id = 0;
  std::map<std::uint64_t, Bytes> open;
};

struct Carried {
  std::vector<CarriedLink> links;  ///< with what went over them since the mark, oldest first
  std::int64_t left_out = 0;       ///< further ones, of which nothing is known any more
};
}  // namespace mccoy::via
