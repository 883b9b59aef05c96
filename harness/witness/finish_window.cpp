// What a window of time saw, once it has ended.
#include "harness/base/process.hpp"
#include "harness/witness/involved.hpp"
#include "harness/witness/recorder.hpp"

namespace mccoy::witness {
using evidence::Activity;
using evidence::SeenProgram;

namespace {
/// The digest of a file that still is the one that ran.
std::string digest_of(const std::string& path, std::uint64_t device, std::uint64_t inode) {
  if (path.empty()) return {};
  const auto file = identify_executable(path);
  if (!file.ok() || (inode != 0 && (file->device != device || file->inode != inode))) return {};
  return file->sha256;
}

void name_peers(Activity& activity) {
  for (evidence::SeenConnection& connection : activity.connections)
    for (const evidence::SeenProcess& peer : connection.peers)
      for (std::size_t i = 0; i < activity.programs.size(); ++i)
        if (activity.programs[i].process.id == peer.id && !activity.programs[i].replaced)
          connection.peer_programs.push_back(static_cast<int>(i));
}
}  // namespace

Activity finish(Window& window) {
  Activity activity = std::move(window.activity);
  activity.connections = std::move(window.sockets.connections);
  activity.listeners = std::move(window.sockets.listeners);
  name_peers(activity);
  activity.reads = window.files.take_reads();
  activity.writes = window.files.finish_writes(activity.reads, window.what == Record::command);
  activity.signals = std::move(window.signals);
  activity.dropped.reads = window.files.dropped_reads();
  activity.dropped.writes = window.files.dropped_writes();
  activity.dropped.connections = window.sockets.dropped;
  activity.dropped.others = window.dropped;
  activity.reads_complete = activity.reads_complete && activity.dropped.reads == 0;
  activity.writes_complete = activity.writes_complete && activity.dropped.writes == 0;
  activity.sockets_complete = activity.sockets_complete && activity.dropped.connections == 0;
  if (window.what != Record::command) keep_involved(activity);
  for (SeenProgram& program : activity.programs) {
    auto& process = program.process;
    process.exe_sha256 = digest_of(process.exe, process.device, process.inode);
    if (!process.script.empty()) process.script_sha256 = digest_of(process.script, 0, 0);
  }
  activity.descriptors_complete =
      activity.descriptors_complete && window.files.all_holders() && activity.dropped.writes == 0;
  return activity;
}
}  // namespace mccoy::witness
