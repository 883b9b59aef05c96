// What was seen without asking the probe: facts of observers, each of which may be absent. Everything here is
// journalled with the trial it belongs to and is all that the judge may use. Default-constructed facts say: nothing was
// seen.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/value.hpp"
#include "harness/evidence/activity.hpp"
#include "harness/evidence/seen_process.hpp"

namespace mccoy::evidence {
/// Who was at the other end of a connection the probe made.
struct Responder {
  enum class How { unseen, accepted, listener };  ///< by the accepted socket itself, or only by the listening one
  enum class Who { unknown, service, harness, stranger, remote };
  How how = How::unseen;
  Who who = Who::unknown;
  std::string service;                 ///< when who == service: the one whose tree owns the socket
  std::string expected_service;        ///< the service whose address was asked, if any
  bool started_before_run = false;     ///< the youngest owner is older than this run
  std::vector<SeenProcess> processes;  ///< all owners of the socket
  std::string local, peer;             ///< "127.0.0.1:40312", "127.0.0.1:8080", "unix:/path"
  std::int64_t bytes_out = 0, bytes_in = 0, requests = 0;
  std::string why_unseen;  ///< "another network namespace", "closed before it could be looked up", …
};

/// A file of the claim, compared with how it was before the trial.
struct SeenFile {
  std::string path;
  enum class Change { missing, unchanged, created, changed } change = Change::missing;
  std::int64_t size = 0;
  std::string sha256;
  std::string same_bytes_as;  ///< a file that existed before the trial and holds the same bytes
  std::string linked_from;    ///< the same inode existed before under this name, or it is a link to it
};

/// A file of the claim that a process of a service held open (or mapped) when the trial began or ended: it can be read
/// or written without being opened.
struct HeldFile {
  std::string path;
  SeenProcess by;
  bool writes = false;  ///< open for writing, or mapped shared and writable
  bool mapped = false;  ///< then its times may stay as they are when it is written
  bool alone = false;   ///< no process of another tree was seen to have it open for writing
};

/// A service as the harness saw it during the trial.
struct SeenService {
  std::string name;
  bool alive = false, started_by_us = false;
  std::vector<SeenProcess> listeners;     ///< owners of its listening ports
  std::vector<std::string> connected_to;  ///< services its tree held a connection to (sampled)
  std::optional<Activity> activity = {};  ///< what it did between the begin and the end of the trial; absent: not seen
  bool files_watched = false;             ///< the activity tells of files, too, and not of connections only
  std::string unwatched = {};             ///< why there is no activity
  std::vector<SeenFile> files = {};       ///< those that the claim says it must or must not have written
  std::vector<HeldFile> held = {};
};

/// One connection through mccoy's own proxy in front of a service: what went over it during the trial.
struct SeenLink {
  std::string client;  ///< the end of whoever connected: "127.0.0.1:40312"
  std::string own;     ///< the proxy's end of its connection to the service; "" when the service did not take it
  std::int64_t to_service = 0, to_client = 0;  ///< bytes of one that the other was given
  std::int64_t answered_by_proxy = 0;          ///< requests that a fault answered in place of the service
};

/// A proxy of mccoy itself, as it was used during the trial. What is behind it is found by the judge.
struct SeenVia {
  std::string service;
  std::string at, to;  ///< where it listens, and the address of the service
  Responder answerer;  ///< who holds the other end of its connections to the service
  std::vector<SeenLink> links;
  std::int64_t left_out = 0;  ///< connections that are not in the list
};

struct TestCounts {
  bool seen = false;
  std::int64_t executed = 0, failed = 0, skipped = 0;
  std::string report;
  bool written_in_trial = false;
};

/// What an observer could and could not see. "Saw nothing" counts only where it was looking.
struct Coverage {
  std::string observer;              ///< "process", "sockets", "files"
  std::vector<std::string> watched;  ///< "exit and CPU of the whole tree"
  std::vector<std::string> blind;    ///< "files opened: no system-call witness"
  bool complete = true;              ///< false: it started late, lost events or was cut off (R0)
};

struct Facts {
  std::string folder;               ///< where relative paths of the claim begin, without symbolic links; "" = not known
  std::optional<SeenProcess> root;  ///< of a command
  bool root_exec_seen = false;
  std::optional<int> exit_code;  ///< of the root; absent when it ended by a signal
  std::string signal;
  std::optional<Responder> responder;
  std::vector<SeenFile> files;
  std::vector<DeclaredMode> modes;
  std::vector<SeenService> services;
  bool services_alone = false;  ///< no other case used them during the trial
  std::vector<SeenVia> vias;    ///< those that somebody connected to
  std::optional<TestCounts> tests;
  bool nonce_sent = false, nonce_returned = false;
  std::int64_t wall_ns = 0, cpu_ns = -1;  ///< cpu_ns -1: not measured
  std::vector<std::string> leftovers;     ///< processes that had to be killed after it: "pid 312 /usr/bin/sleep"
  std::optional<Activity> activity;       ///< of a command and all below it; absent: no witness watched
  std::vector<Coverage> coverage;
};

Value to_value(const Facts& facts);          ///< defaults are left out
Facts facts_from_value(const Value& value);  ///< unknown members are ignored; missing ones stay at the weakest default
}  // namespace mccoy::evidence
