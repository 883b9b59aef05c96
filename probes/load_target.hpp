// Where a request of a load goes: "POST http://127.0.0.1:8080/orders?x={{unique}}", "tcp://host:port", "unix:/path".
#pragma once
#include <string>
#include <string_view>

#include "probes/load/profile.hpp"
#include "probes/load_said.hpp"

namespace mccoy::probes {
struct LoadAddress {
  std::string method;   ///< "" = none was said
  std::string path;     ///< with its query, {{…}} not read yet; "" = none
  load::Target target;  ///< host "" and no unix_path: only a path was said
};
/// errors  no URL, another scheme, a port that is none, user and password in it
Result<LoadAddress> read_load_address(const Said& said);

/// "host:port", "[::1]:port"; "host" where a port is given before. False: it is none of them.
bool split_authority(std::string_view authority, std::string& host, int& port);
}  // namespace mccoy::probes
