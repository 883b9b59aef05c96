// Who is who: programs by their files, responders by the process trees that own their sockets.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "harness/base/clock.hpp"
#include "harness/base/file.hpp"
#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
namespace {
using evidence::Responder;
using evidence::SeenProcess;

std::uint64_t unsigned_of(const Value& value) {
  if (value.is_int()) return static_cast<std::uint64_t>(value.as_int());
  const std::string& text = value.as_string();
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool same_file(const SeenProcess& process, const Value& file) {
  const std::string& digest = file["sha256"].as_string();
  if (!digest.empty() && digest == process.script_sha256) return true;
  if (!digest.empty() && !process.exe_sha256.empty()) return digest == process.exe_sha256;
  const std::uint64_t inode = unsigned_of(file["inode"]);
  return inode != 0 && inode == process.inode && unsigned_of(file["device"]) == process.device;
}

bool has_name(const SeenProcess& process, const std::string& path) {
  const std::string name = basename(path);
  return !path.empty() && !name.empty() && (basename(process.exe) == name || basename(process.script) == name);
}
bool same_name(const SeenProcess& process, const Value& file) {
  return has_name(process, file["path"].as_string());
}

bool knows_itself(const SeenProcess& process) {
  return !process.exe_sha256.empty() || process.inode != 0;
}
}  // namespace

Same same_program(const SeenProcess& process, const suite::Obligation& obligation, std::string_view field) {
  const auto& files = obligation.settings["resolved"].as_list();
  if (files.empty() || !knows_itself(process)) return Same::unresolved;
  auto any = [&](auto like) {
    return std::any_of(files.begin(), files.end(), [&](const Value& file) { return like(process, file); });
  };
  if (any(same_file)) return Same::yes;
  const Value& names = obligation.settings[field];
  const bool named = names.is_string() && has_name(process, names.as_string());
  const auto& list = names.as_list();
  const bool listed =
      std::any_of(list.begin(), list.end(), [&](const Value& name) { return has_name(process, name.as_string()); });
  return named || listed || any(same_name) ? Same::alike : Same::no;
}

Same same_program(const std::vector<SeenProcess>& processes, const suite::Obligation& obligation,
                  std::string_view field) {
  Same best = processes.empty() ? Same::unresolved : Same::no;
  bool unresolved = false;
  for (const auto& process : processes) {
    const Same same = same_program(process, obligation, field);
    unresolved = unresolved || same == Same::unresolved;
    if (same != Same::unresolved) best = std::max(best, same);
  }
  return best == Same::no && unresolved ? Same::unresolved : best;
}

std::string describe(const SeenProcess& process) {
  const std::string image = process.exe.empty() ? "a program that could not be read" : process.exe;
  return fmt::format("pid {} {}{}", process.id.pid, image, process.script.empty() ? "" : " running " + process.script);
}

std::string describe(const Responder& responder) {
  if (responder.who == Responder::Who::service) return "service " + responder.service;
  if (responder.who == Responder::Who::remote) return "another machine at " + responder.peer;
  const std::string process = responder.processes.empty() ? "a process" : describe(responder.processes.front());
  if (responder.who == Responder::Who::harness) return process + ", which belongs to this run itself";
  return responder.who == Responder::Who::stranger ? process + ", which this run did not start" : "somebody unknown";
}

const evidence::SeenService* find_service(const evidence::Facts& facts, std::string_view name) {
  const auto found = std::find_if(facts.services.begin(), facts.services.end(),
                                  [name](const evidence::SeenService& service) { return service.name == name; });
  return found == facts.services.end() ? nullptr : &*found;
}

const evidence::Coverage* find_coverage(const evidence::Facts& facts, std::string_view observer) {
  const auto found =
      std::find_if(facts.coverage.begin(), facts.coverage.end(),
                   [observer](const evidence::Coverage& c) { return c.observer == observer && c.complete; });
  return found == facts.coverage.end() ? nullptr : &*found;
}

bool answered_by_own_service(const evidence::Facts& facts) {
  if (!facts.responder) return false;
  const Responder& responder = *facts.responder;
  return responder.how != Responder::How::unseen && responder.who == Responder::Who::service &&
         !responder.service.empty() && responder.service == responder.expected_service && !responder.started_before_run;
}

std::int64_t quantity(const Value& value, std::int64_t fallback) {
  if (value.is_null()) return fallback;
  if (value.is_int()) return value.as_int();
  if (value.is_double()) return static_cast<std::int64_t>(value.as_double());
  if (auto span = parse_duration(value.as_string()); span.ok()) return span->count();
  if (auto bytes = parse_size(value.as_string()); bytes.ok()) return *bytes;
  return -1;
}
}  // namespace mccoy::judge
