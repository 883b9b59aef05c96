// A Command made ready for a keeper: program found and identified, pipes and standard input opened, strings packed.
#pragma once
#include <functional>
#include <string>

#include "harness/base/keeper_protocol.hpp"
#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"

namespace mccoy {
struct StartOrder {
  Executable executable;
  StartRequest request;
  std::string payload;  ///< see StartRequest
  UniqueFd out, err;    ///< our read ends, non-blocking
  UniqueFd child_in, child_out, child_err;
  int watcher = -1;  ///< not owned
};
/// errors: program not found, unreadable; a NUL in an argument; a bad umask; no descriptors left
Result<StartOrder> prepare_start(const Command& command);
/// Sends the order to a keeper and closes the child's ends here.
///   wait_for_room  called while the keeper is slow to read; its error gives up
Status send_start(int control, StartOrder& order, const std::function<Status()>& wait_for_room);
/// What a failed start means to the user.
Error start_error(const Command& command, const StartOrder& order, const KeeperReport& report);
}  // namespace mccoy
