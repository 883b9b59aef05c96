// What the processes below one command did, as the system-call witness saw it; of a service, what it did in a window of
// time. Entries name programs by their index in
// Activity::programs. All lists are bounded; what did not fit is counted in `dropped` and makes the coverage of its
// kind incomplete. A call counts when its effect was seen, or when the same call by the same user would have succeeded
// at that moment (files opened for reading).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/value.hpp"
#include "harness/evidence/seen_process.hpp"

namespace mccoy::evidence {
constexpr int kNoProgram = -1;

/// One image in one process: from execve (or, for a child that never calls it, from fork) to its end.
struct SeenProgram {
  SeenProcess process = {};
  int parent = kNoProgram;  ///< who forked it, or was this process before it called execve
  bool forked = false;      ///< the image of its parent, in a child that never called execve
  bool replaced = false;    ///< it called execve: a later entry of this pid goes on
  bool alive = false;       ///< not ended when the looking ended
  bool earlier = false;     ///< of a window: it ran already when the window began
  std::optional<int> exit_code = {};
  std::string signal = {};   ///< ended by it; "?" when only that is known
  std::int64_t cpu_ns = -1;  ///< of this process until its end, without children; -1: not measured
  /// Of this image, by the clock that counts from the start of the machine; 0: not known, or it has not ended. A fork
  /// that shows itself late began earlier, at the latest one tick of the kernel after its process did.
  std::int64_t began_ns = 0, ended_ns = 0;
  bool fed = false;           ///< it began with a pipe or socket to read from that the command itself did not have
  bool given_socket = false;  ///< one of them is a socket, through which descriptors can be passed
  std::string cwd = {};       ///< at the time of execve
  /// Of a tool that takes switches from variables (MAKEFLAGS): those of them that it was started with, "NAME=value".
  std::vector<std::string> switches = {};
  std::vector<DeclaredMode> modes = {};
};

/// A file or folder opened for reading, or a file that a program began with.
struct SeenRead {
  std::string path = {};  ///< absolute, as this machine sees it
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0;
  std::vector<int> by = {};  ///< the first few, in order
};

/// A program that began with a descriptor of a file open for writing (`worker > file`).
struct SeenHolder {
  int by = kNoProgram;
  bool clean = false;      ///< until then nobody had put anything into it but others that were given it
  bool alone = false;      ///< from its beginning to its end those who had opened the file wrote nothing, anywhere
  std::int64_t grew = -1;  ///< bytes, from its beginning to its end, whoever wrote them; -1: not known
};

/// Which file it is. Zeros: there is none.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// A file that was opened for writing, created, renamed to, or linked to, compared with how it was before.
struct SeenWrite {
  enum class Change { none, created, changed, removed, passing };  ///< passing: made and removed again
  std::string path = {};
  Change change = Change::none;
  std::vector<int> by = {};              ///< who opened it, or gave it its name
  std::vector<SeenHolder> held_by = {};  ///< the first few that were given it, in order
  FileIdentity before = {}, after = {};  ///< not known of older records
  bool left_alone = false;               ///< nothing was added, and nobody opened it, after those of held_by had ended
  bool emptied = false;                  ///< all of its older bytes were cut off, or it was removed and made again
  std::string renamed_from = {};         ///< the last name it was renamed from
  std::string linked_from = {};          ///< hard link or symbolic link to this file
  std::int64_t size = 0;
  std::string sha256 = {};        ///< at the end; "" when it is no regular file or too large to digest in time
  std::string same_as_read = {};  ///< a file that one of `by` had read and that holds the same bytes
  std::vector<std::string> equal_reads = {};  ///< all files that anybody read and that hold the same bytes, or may
};

/// Conversations of one program with one address.
struct SeenConnection {
  int by = kNoProgram;
  std::string to = {};                       ///< "127.0.0.1:5432", "[::1]:80", "unix:/run/x.sock", "unix:@name"
  std::string protocol = {};                 ///< "tcp", "udp", "unix"
  std::int64_t tried = 0;                    ///< calls of connect, and messages sent to an address of their own
  std::int64_t made = 0;                     ///< seen to be established
  std::int64_t stood = 0;                    ///< of a window: connections made before it and open when it began
  std::int64_t bytes_out = 0, bytes_in = 0;  ///< at least so many; counted while or after the connection was open
  bool bytes_complete = false;               ///< they are all
  std::vector<SeenProcess> peers = {};       ///< on this machine: who owns the other end
  std::vector<int> peer_programs = {};       ///< those of them that are programs of this activity
  std::vector<std::string> locals = {};      ///< own ends, the first few; kept of connections to a proxy of mccoy
};

struct SeenListener {
  int by = kNoProgram;
  std::string at = {};        ///< "0.0.0.0:8080", "unix:/path"
  std::int64_t accepted = 0;  ///< calls of accept
};

struct SeenSignal {
  int by = kNoProgram;
  std::string signal = {};  ///< "KILL"; "0" is the question whether somebody is there
  std::int64_t pid = 0;
  int to = kNoProgram;   ///< when it is a program of this activity
  std::string exe = {};  ///< of the receiver at that time
};

/// Calls that the witness was asked to count.
struct SeenCalls {
  int by = kNoProgram;
  std::string call = {};  ///< "fsync"
  std::int64_t times = 0;
};

struct Activity {
  std::string mechanism = {};  ///< "seccomp-notify", "ptrace"; "" = nobody watched
  std::vector<SeenProgram> programs = {};
  std::vector<SeenRead> reads = {};
  std::vector<SeenWrite> writes = {};
  std::vector<SeenConnection> connections = {};
  std::vector<SeenListener> listeners = {};
  std::vector<SeenSignal> signals = {};
  std::vector<std::string> counted = {};  ///< names of the calls that were counted
  std::vector<SeenCalls> counts = {};     ///< by program and call; those that were not made have no entry
  /// Calls that take away from what can be seen, or change the view of the machine, in words: "io_uring by pid 7".
  std::vector<std::string> notices = {};
  std::int64_t calls = 0;  ///< watched system calls
  struct Dropped {
    std::int64_t programs = 0, reads = 0, writes = 0, connections = 0, others = 0;
  } dropped;
  /// Entries that were seen and not recorded, because no obligation of the contract and no fingerprint is about them.
  std::int64_t reads_left_out = 0, writes_left_out = 0;
  /// Nothing else can have happened of this kind, since all of it passes the witness and none was lost.
  bool programs_complete = false, reads_complete = false, writes_complete = false, sockets_complete = false;
  bool messages_unseen = false;       ///< sockets_complete holds but for addresses in sendmsg and sendmmsg
  bool descriptors_complete = false;  ///< what every program was given when it began was looked at
  bool counts_complete = false;       ///< no program below the command makes such calls by another way (io_uring)
};

Value to_value(const Activity& activity);  ///< defaults are left out
Activity activity_from_value(const Value& value);
}  // namespace mccoy::evidence
