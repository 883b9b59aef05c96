// Undo orders on the disk: one file each, written and synced before what they undo is done, removed when it is undone.
// They lie in the first of these folders that can be used, readable by nobody else:
//   $XDG_STATE_HOME/mccoy/undo   $HOME/.local/state/mccoy/undo   /run/mccoy/undo (root)   /tmp/mccoy-UID/undo
#pragma once
#include <string>
#include <vector>

#include "harness/base/undo.hpp"

namespace mccoy {
struct UndoRecord {
  std::string path;  ///< of the file itself; not in it
  UndoOrder order;
  ProcessId mccoy, guardian;  ///< who promised, and to whom
  std::string boot_id;        ///< of the kernel that ran then
  std::int64_t wall_ms = 0;   ///< when
};
/// Writes and syncs it. returns  its path. errors: no folder can be used, no room
Result<std::string> keep_undo_record(const UndoRecord& record);
/// errors: it cannot be read, is no record, or others may write to it
Result<UndoRecord> read_undo_record(const std::string& path);
/// Paths of all records in all of these folders, oldest first.
std::vector<std::string> undo_records();
/// What is left of records that this process, which has ended, was just writing: nothing was done under them yet.
void remove_unfinished_records(const ProcessId& mccoy);
std::string boot_id();
/// Is it alive, and the very one?
bool lives(const ProcessId& process);
}  // namespace mccoy
