#include "harness/evidence/activity.hpp"

#include "harness/evidence/record_map.hpp"

namespace mccoy::evidence {
namespace {
constexpr std::string_view kChange[] = {"none", "created", "changed", "removed", "passing"};

using evidence::to_value;  // of processes and modes, beside those below

Value to_value(const SeenProgram& program) {
  Writer map;
  map.put_value("process", to_value(program.process));
  map.put("parent", program.parent, kNoProgram);
  map.put("forked", program.forked);
  map.put("replaced", program.replaced);
  map.put("alive", program.alive);
  map.put("earlier", program.earlier);
  if (program.exit_code) map.put_value("exit_code", *program.exit_code);
  map.put("signal", program.signal);
  map.put("cpu_ns", program.cpu_ns, -1);
  map.put("began_ns", program.began_ns);
  map.put("ended_ns", program.ended_ns);
  map.put("fed", program.fed);
  map.put("given_socket", program.given_socket);
  map.put("cwd", program.cwd);
  map.put("switches", program.switches);
  map.put_each("modes", program.modes, to_value);
  return map.take();
}

Value to_value(const SeenRead& read) {
  Writer map;
  map.put("path", read.path);
  map.put_id("device", read.device);
  map.put_id("inode", read.inode);
  map.put("size", read.size);
  map.put("by", read.by);
  return map.take();
}

Value to_value(const SeenHolder& holder) {
  Writer map;
  map.put("by", holder.by, kNoProgram);
  map.put("clean", holder.clean);
  map.put("alone", holder.alone);
  map.put("grew", holder.grew, -1);
  return map.take();
}

void put_identity(Writer& map, std::string_view key, const FileIdentity& file) {
  Writer parts;
  parts.put_id("device", file.device);
  parts.put_id("inode", file.inode);
  if (!parts.empty()) map.put_value(key, parts.take());
}

Value to_value(const SeenWrite& write) {
  Writer map;
  map.put("path", write.path);
  map.put_word("change", kChange, write.change);
  map.put("by", write.by);
  map.put_each("held_by", write.held_by, to_value);
  put_identity(map, "before", write.before);
  put_identity(map, "after", write.after);
  map.put("left_alone", write.left_alone);
  map.put("emptied", write.emptied);
  map.put("renamed_from", write.renamed_from);
  map.put("linked_from", write.linked_from);
  map.put("size", write.size);
  map.put("sha256", write.sha256);
  map.put("same_as_read", write.same_as_read);
  map.put("equal_reads", write.equal_reads);
  return map.take();
}

Value to_value(const SeenConnection& connection) {
  Writer map;
  map.put("by", connection.by, kNoProgram);
  map.put("to", connection.to);
  map.put("protocol", connection.protocol);
  map.put("tried", connection.tried);
  map.put("made", connection.made);
  map.put("stood", connection.stood);
  map.put("bytes_out", connection.bytes_out);
  map.put("bytes_in", connection.bytes_in);
  map.put("bytes_complete", connection.bytes_complete);
  map.put_each("peers", connection.peers, to_value);
  map.put("peer_programs", connection.peer_programs);
  map.put("locals", connection.locals);
  return map.take();
}

Value to_value(const SeenListener& listener) {
  Writer map;
  map.put("by", listener.by, kNoProgram);
  map.put("at", listener.at);
  map.put("accepted", listener.accepted);
  return map.take();
}

Value to_value(const SeenSignal& signal) {
  Writer map;
  map.put("by", signal.by, kNoProgram);
  map.put("signal", signal.signal);
  map.put("pid", signal.pid);
  map.put("to", signal.to, kNoProgram);
  map.put("exe", signal.exe);
  return map.take();
}

Value to_value(const SeenCalls& calls) {
  Writer map;
  map.put("by", calls.by, kNoProgram);
  map.put("call", calls.call);
  map.put("times", calls.times);
  return map.take();
}

Value to_value(const Activity::Dropped& dropped) {
  Writer map;
  map.put("programs", dropped.programs);
  map.put("reads", dropped.reads);
  map.put("writes", dropped.writes);
  map.put("connections", dropped.connections);
  map.put("others", dropped.others);
  return map.take();
}

/// Reads the entries of one activity. An index that names no program of it is none, so that whoever uses one need not
/// ask again.
class ActivityReader {
 public:
  explicit ActivityReader(const Value& value) : value_(value), programs_(value["programs"].as_list().size()) {}

  Activity read() const {
    Activity activity;
    activity.mechanism = value_["mechanism"].as_string();
    activity.programs = entries("programs", &ActivityReader::program);
    activity.reads = entries("reads", &ActivityReader::read_of);
    activity.writes = entries("writes", &ActivityReader::write);
    activity.connections = entries("connections", &ActivityReader::connection);
    activity.listeners = entries("listeners", &ActivityReader::listener);
    activity.signals = entries("signals", &ActivityReader::signal);
    activity.counted = texts(value_["counted"]);
    activity.counts = entries("counts", &ActivityReader::calls);
    activity.notices = texts(value_["notices"]);
    activity.calls = value_["calls"].as_int();
    activity.dropped = dropped(value_["dropped"]);
    activity.reads_left_out = value_["reads_left_out"].as_int();
    activity.writes_left_out = value_["writes_left_out"].as_int();
    activity.programs_complete = value_["programs_complete"].as_bool();
    activity.reads_complete = value_["reads_complete"].as_bool();
    activity.writes_complete = value_["writes_complete"].as_bool();
    activity.sockets_complete = value_["sockets_complete"].as_bool();
    activity.messages_unseen = value_["messages_unseen"].as_bool();
    activity.descriptors_complete = value_["descriptors_complete"].as_bool();
    activity.counts_complete = value_["counts_complete"].as_bool();
    return activity;
  }

 private:
  template <class T>
  std::vector<T> entries(std::string_view key, T (ActivityReader::*one)(const Value&) const) const {
    std::vector<T> items;
    items.reserve(value_[key].as_list().size());
    for (const Value& item : value_[key].as_list()) items.push_back((this->*one)(item));
    return items;
  }

  int index(const Value& value) const {
    const std::int64_t number = value.as_int(kNoProgram);
    return number >= 0 && static_cast<std::uint64_t>(number) < programs_ ? static_cast<int>(number) : kNoProgram;
  }

  std::vector<int> indices(const Value& value) const {
    std::vector<int> known;
    for (const Value& item : value.as_list())
      if (const int number = index(item); number != kNoProgram) known.push_back(number);
    return known;
  }

  SeenProgram program(const Value& value) const {
    SeenProgram program;
    program.process = process_from_value(value["process"]);
    program.parent = index(value["parent"]);
    program.forked = value["forked"].as_bool();
    program.replaced = value["replaced"].as_bool();
    program.alive = value["alive"].as_bool();
    program.earlier = value["earlier"].as_bool();
    if (value["exit_code"].is_int()) program.exit_code = static_cast<int>(value["exit_code"].as_int());
    program.signal = value["signal"].as_string();
    program.cpu_ns = value["cpu_ns"].as_int(-1);
    program.began_ns = value["began_ns"].as_int();
    program.ended_ns = value["ended_ns"].as_int();
    program.fed = value["fed"].as_bool();
    program.given_socket = value["given_socket"].as_bool();
    program.cwd = value["cwd"].as_string();
    program.switches = texts(value["switches"]);
    program.modes = each(value["modes"], mode_from_value);
    return program;
  }

  SeenRead read_of(const Value& value) const {
    return {.path = value["path"].as_string(),
            .device = id_number(value["device"]),
            .inode = id_number(value["inode"]),
            .size = value["size"].as_int(),
            .by = indices(value["by"])};
  }

  std::vector<SeenHolder> holders(const Value& value) const {
    std::vector<SeenHolder> known;
    for (const Value& item : value.as_list())
      if (const int by = index(item["by"]); by != kNoProgram)
        known.push_back({.by = by,
                         .clean = item["clean"].as_bool(),
                         .alone = item["alone"].as_bool(),
                         .grew = item["grew"].as_int(-1)});
    return known;
  }

  static FileIdentity identity(const Value& value) {
    return {.device = id_number(value["device"]), .inode = id_number(value["inode"])};
  }

  SeenWrite write(const Value& value) const {
    return {.path = value["path"].as_string(),
            .change = word<SeenWrite::Change>(value["change"], kChange),
            .by = indices(value["by"]),
            .held_by = holders(value["held_by"]),
            .before = identity(value["before"]),
            .after = identity(value["after"]),
            .left_alone = value["left_alone"].as_bool(),
            .emptied = value["emptied"].as_bool(),
            .renamed_from = value["renamed_from"].as_string(),
            .linked_from = value["linked_from"].as_string(),
            .size = value["size"].as_int(),
            .sha256 = value["sha256"].as_string(),
            .same_as_read = value["same_as_read"].as_string(),
            .equal_reads = texts(value["equal_reads"])};
  }

  SeenConnection connection(const Value& value) const {
    return {.by = index(value["by"]),
            .to = value["to"].as_string(),
            .protocol = value["protocol"].as_string(),
            .tried = value["tried"].as_int(),
            .made = value["made"].as_int(),
            .stood = value["stood"].as_int(),
            .bytes_out = value["bytes_out"].as_int(),
            .bytes_in = value["bytes_in"].as_int(),
            .bytes_complete = value["bytes_complete"].as_bool(),
            .peers = each(value["peers"], process_from_value),
            .peer_programs = indices(value["peer_programs"]),
            .locals = texts(value["locals"])};
  }

  SeenListener listener(const Value& value) const {
    return {.by = index(value["by"]), .at = value["at"].as_string(), .accepted = value["accepted"].as_int()};
  }

  SeenSignal signal(const Value& value) const {
    return {.by = index(value["by"]),
            .signal = value["signal"].as_string(),
            .pid = value["pid"].as_int(),
            .to = index(value["to"]),
            .exe = value["exe"].as_string()};
  }

  SeenCalls calls(const Value& value) const {
    return {.by = index(value["by"]), .call = value["call"].as_string(), .times = value["times"].as_int()};
  }

  static Activity::Dropped dropped(const Value& value) {
    return {.programs = value["programs"].as_int(),
            .reads = value["reads"].as_int(),
            .writes = value["writes"].as_int(),
            .connections = value["connections"].as_int(),
            .others = value["others"].as_int()};
  }

  const Value& value_;
  std::size_t programs_;
};
}  // namespace

Value to_value(const Activity& activity) {
  Writer map;
  map.put("mechanism", activity.mechanism);
  map.put_each("programs", activity.programs, to_value);
  map.put_each("reads", activity.reads, to_value);
  map.put_each("writes", activity.writes, to_value);
  map.put_each("connections", activity.connections, to_value);
  map.put_each("listeners", activity.listeners, to_value);
  map.put_each("signals", activity.signals, to_value);
  map.put("counted", activity.counted);
  map.put_each("counts", activity.counts, to_value);
  map.put("notices", activity.notices);
  map.put("calls", activity.calls);
  if (Value dropped = to_value(activity.dropped); !dropped.as_map().empty())
    map.put_value("dropped", std::move(dropped));
  map.put("reads_left_out", activity.reads_left_out);
  map.put("writes_left_out", activity.writes_left_out);
  map.put("programs_complete", activity.programs_complete);
  map.put("reads_complete", activity.reads_complete);
  map.put("writes_complete", activity.writes_complete);
  map.put("sockets_complete", activity.sockets_complete);
  map.put("messages_unseen", activity.messages_unseen);
  map.put("descriptors_complete", activity.descriptors_complete);
  map.put("counts_complete", activity.counts_complete);
  return map.take();
}

Activity activity_from_value(const Value& value) {
  return ActivityReader(value).read();
}
}  // namespace mccoy::evidence
