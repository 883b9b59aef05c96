#include "harness/evidence/seen_process.hpp"

#include "harness/evidence/record_map.hpp"

namespace mccoy::evidence {
namespace {
constexpr std::string_view kMode[] = {"dry_run", "help", "version", "list_only", "syntax_only", "no_tests"};
}  // namespace

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

SeenProcess process_from_value(const Value& value) {
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

Value to_value(const DeclaredMode& mode) {
  Writer map;
  map.put_value("kind", kMode[static_cast<std::size_t>(mode.kind)]);
  map.put("flag", mode.flag);
  map.put("where", mode.where);
  return map.take();
}

DeclaredMode mode_from_value(const Value& value) {
  return {.kind = word<DeclaredMode::Kind>(value["kind"], kMode),
          .flag = value["flag"].as_string(),
          .where = value["where"].as_string()};
}
}  // namespace mccoy::evidence
