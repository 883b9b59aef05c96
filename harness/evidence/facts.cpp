#include "harness/evidence/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace mccoy::evidence {
namespace {
constexpr std::string_view kHow[] = {"unseen", "accepted", "listener"};
constexpr std::string_view kWho[] = {"unknown", "service", "harness", "stranger", "remote"};
constexpr std::string_view kChange[] = {"missing", "unchanged", "created", "changed"};
constexpr std::string_view kMode[] = {"dry_run", "help", "version", "list_only", "syntax_only"};

/// Writes a map and leaves out what has its default.
class Writer {
 public:
  void put(std::string_view key, const std::string& text) { put_if(!text.empty(), key, text); }
  void put(std::string_view key, bool flag) { put_if(flag, key, flag); }
  void put(std::string_view key, std::int64_t number, std::int64_t usual = 0) { put_if(number != usual, key, number); }
  /// Device and inode numbers may need all 64 bits, which JSON numbers of many readers do not have: large ones are
  /// text.
  void put_id(std::string_view key, std::uint64_t number) {
    constexpr std::uint64_t kSafe = std::uint64_t{1} << 53;
    put_if(number != 0, key, number < kSafe ? Value(number) : Value(fmt::format("{}", number)));
  }
  void put(std::string_view key, const std::vector<std::string>& texts) {
    Value list = Value::list();
    for (const std::string& text : texts) list.push(text);
    put_if(!texts.empty(), key, std::move(list));
  }
  template <class T>
  void put_each(std::string_view key, const std::vector<T>& items) {
    Value list = Value::list();
    for (const T& item : items) list.push(value_of(item));
    put_if(!items.empty(), key, std::move(list));
  }
  template <class E>
  void put_word(std::string_view key, std::span<const std::string_view> words, E word) {
    put_if(word != E{}, key, words[static_cast<std::size_t>(word)]);
  }
  void put_value(std::string_view key, Value value) { map_.set(key, std::move(value)); }
  Value take() { return std::move(map_); }

 private:
  void put_if(bool said, std::string_view key, Value value) {
    if (said) map_.set(key, std::move(value));
  }
  template <class T>
  static Value value_of(const T& item);
  Value map_ = Value::map();
};

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> list;
  for (const Value& text : value.as_list()) list.push_back(text.as_string());
  return list;
}

std::uint64_t id_number(const Value& value) {
  if (value.is_int()) return static_cast<std::uint64_t>(std::max<std::int64_t>(value.as_int(), 0));
  std::uint64_t number = 0;
  const std::string& text = value.as_string();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// An unknown word is the weakest one: the first.
template <class E>
E word(const Value& value, std::span<const std::string_view> words) {
  const auto found = std::ranges::find(words, value.as_string());
  return found == words.end() ? E{} : static_cast<E>(found - words.begin());
}

template <class T>
std::vector<T> each(const Value& value, T (*one)(const Value&)) {
  std::vector<T> items;
  for (const Value& item : value.as_list()) items.push_back(one(item));
  return items;
}

Value to_value(const SeenProcess& process) {
  Writer map;
  map.put("pid", std::int64_t{process.id.pid});
  map.put("start_ticks", process.id.start_ticks);
  map.put("started_ms", process.started_wall_ms);
  map.put("exe", process.exe);
  map.put("exe_sha256", process.exe_sha256);
  map.put_id("device", process.device);
  map.put_id("inode", process.inode);
  map.put("argv", process.argv);
  map.put("script", process.script);
  map.put("script_sha256", process.script_sha256);
  return map.take();
}

SeenProcess process(const Value& value) {
  SeenProcess process;
  process.id.pid = static_cast<pid_t>(value["pid"].as_int());
  process.id.start_ticks = value["start_ticks"].as_int();
  process.started_wall_ms = value["started_ms"].as_int();
  process.exe = value["exe"].as_string();
  process.exe_sha256 = value["exe_sha256"].as_string();
  process.device = id_number(value["device"]);
  process.inode = id_number(value["inode"]);
  process.argv = texts(value["argv"]);
  process.script = value["script"].as_string();
  process.script_sha256 = value["script_sha256"].as_string();
  return process;
}

Value to_value(const Responder& responder) {
  Writer map;
  map.put_word("how", kHow, responder.how);
  map.put_word("who", kWho, responder.who);
  map.put("service", responder.service);
  map.put("expected_service", responder.expected_service);
  map.put("started_before_run", responder.started_before_run);
  map.put_each("processes", responder.processes);
  map.put("local", responder.local);
  map.put("peer", responder.peer);
  map.put("bytes_out", responder.bytes_out);
  map.put("bytes_in", responder.bytes_in);
  map.put("requests", responder.requests);
  map.put("why_unseen", responder.why_unseen);
  return map.take();
}

Responder responder(const Value& value) {
  Responder responder;
  responder.how = word<Responder::How>(value["how"], kHow);
  responder.who = word<Responder::Who>(value["who"], kWho);
  responder.service = value["service"].as_string();
  responder.expected_service = value["expected_service"].as_string();
  responder.started_before_run = value["started_before_run"].as_bool();
  responder.processes = each(value["processes"], process);
  responder.local = value["local"].as_string();
  responder.peer = value["peer"].as_string();
  responder.bytes_out = value["bytes_out"].as_int();
  responder.bytes_in = value["bytes_in"].as_int();
  responder.requests = value["requests"].as_int();
  responder.why_unseen = value["why_unseen"].as_string();
  return responder;
}

Value to_value(const SeenFile& file) {
  Writer map;
  map.put("path", file.path);
  map.put_word("change", kChange, file.change);
  map.put("size", file.size);
  map.put("sha256", file.sha256);
  map.put("same_bytes_as", file.same_bytes_as);
  map.put("linked_from", file.linked_from);
  return map.take();
}

SeenFile file(const Value& value) {
  return {.path = value["path"].as_string(),
          .change = word<SeenFile::Change>(value["change"], kChange),
          .size = value["size"].as_int(),
          .sha256 = value["sha256"].as_string(),
          .same_bytes_as = value["same_bytes_as"].as_string(),
          .linked_from = value["linked_from"].as_string()};
}

/// The kind is always written: its first word is a mode, not the absence of one.
Value to_value(const DeclaredMode& mode) {
  Writer map;
  map.put_value("kind", kMode[static_cast<std::size_t>(mode.kind)]);
  map.put("flag", mode.flag);
  map.put("where", mode.where);
  return map.take();
}

DeclaredMode mode(const Value& value) {
  return {.kind = word<DeclaredMode::Kind>(value["kind"], kMode),
          .flag = value["flag"].as_string(),
          .where = value["where"].as_string()};
}

Value to_value(const SeenService& service) {
  Writer map;
  map.put("name", service.name);
  map.put("alive", service.alive);
  map.put("started_by_us", service.started_by_us);
  map.put_each("listeners", service.listeners);
  map.put("connected_to", service.connected_to);
  return map.take();
}

SeenService service(const Value& value) {
  return {.name = value["name"].as_string(),
          .alive = value["alive"].as_bool(),
          .started_by_us = value["started_by_us"].as_bool(),
          .listeners = each(value["listeners"], process),
          .connected_to = texts(value["connected_to"])};
}

Value to_value(const TestCounts& tests) {
  Writer map;
  map.put("seen", tests.seen);
  map.put("executed", tests.executed);
  map.put("failed", tests.failed);
  map.put("skipped", tests.skipped);
  map.put("report", tests.report);
  map.put("written_in_trial", tests.written_in_trial);
  return map.take();
}

TestCounts tests(const Value& value) {
  return {.seen = value["seen"].as_bool(),
          .executed = value["executed"].as_int(),
          .failed = value["failed"].as_int(),
          .skipped = value["skipped"].as_int(),
          .report = value["report"].as_string(),
          .written_in_trial = value["written_in_trial"].as_bool()};
}

/// "complete" is always written, so that a record without it reads as incomplete.
Value to_value(const Coverage& coverage) {
  Writer map;
  map.put("observer", coverage.observer);
  map.put("watched", coverage.watched);
  map.put("blind", coverage.blind);
  map.put_value("complete", coverage.complete);
  return map.take();
}

Coverage coverage(const Value& value) {
  return {.observer = value["observer"].as_string(),
          .watched = texts(value["watched"]),
          .blind = texts(value["blind"]),
          .complete = value["complete"].as_bool()};
}

template <class T>
Value Writer::value_of(const T& item) {
  return to_value(item);
}
}  // namespace

Value to_value(const Facts& facts) {
  Writer map;
  if (facts.root) map.put_value("root", to_value(*facts.root));
  map.put("root_exec_seen", facts.root_exec_seen);
  if (facts.exit_code) map.put_value("exit_code", *facts.exit_code);
  map.put("signal", facts.signal);
  if (facts.responder) map.put_value("responder", to_value(*facts.responder));
  map.put_each("files", facts.files);
  map.put_each("modes", facts.modes);
  map.put_each("services", facts.services);
  if (facts.tests) map.put_value("tests", to_value(*facts.tests));
  map.put("nonce_sent", facts.nonce_sent);
  map.put("nonce_returned", facts.nonce_returned);
  map.put("wall_ns", facts.wall_ns);
  map.put("cpu_ns", facts.cpu_ns, -1);
  map.put("leftovers", facts.leftovers);
  map.put_each("coverage", facts.coverage);
  return map.take();
}

Facts facts_from_value(const Value& value) {
  Facts facts;
  if (value["root"].is_map()) facts.root = process(value["root"]);
  facts.root_exec_seen = value["root_exec_seen"].as_bool();
  if (value["exit_code"].is_int()) facts.exit_code = static_cast<int>(value["exit_code"].as_int());
  facts.signal = value["signal"].as_string();
  if (value["responder"].is_map()) facts.responder = responder(value["responder"]);
  facts.files = each(value["files"], file);
  facts.modes = each(value["modes"], mode);
  facts.services = each(value["services"], service);
  if (value["tests"].is_map()) facts.tests = tests(value["tests"]);
  facts.nonce_sent = value["nonce_sent"].as_bool();
  facts.nonce_returned = value["nonce_returned"].as_bool();
  facts.wall_ns = value["wall_ns"].as_int();
  facts.cpu_ns = value["cpu_ns"].as_int(-1);
  facts.leftovers = texts(value["leftovers"]);
  facts.coverage = each(value["coverage"], coverage);
  return facts;
}
}  // namespace mccoy::evidence
