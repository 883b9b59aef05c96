// mccoy's side of the guardian: asking it for a keeper.
#pragma once
#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"
#include "harness/base/undo.hpp"

namespace mccoy {
/// Has the guardian fork a keeper. From any thread.
///   returns  our end of the keeper's control socket, see keeper_protocol.hpp
///   errors   start_guardian() was not called, or the guardian is gone
Result<UniqueFd> new_keeper();

/// errors  there is none
Result<ProcessId> guardian_process();
/// Has the guardian remember the order in this record, to be carried out when mccoy is gone or the order expires. From
/// any thread.
///   errors   as above
Status tell_guardian(std::uint64_t id, const std::string& record);
/// Has it forget one; if it cannot be told any more, there is nobody left to carry it out.
void forget_undo(std::uint64_t id) noexcept;
}  // namespace mccoy
