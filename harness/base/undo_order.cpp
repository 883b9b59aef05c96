// Undo orders as data and as words.
#include <sys/resource.h>

#include <array>
#include <utility>

#include "harness/base/namespaces.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo.hpp"

namespace mccoy {
namespace {
using What = UndoOrder::What;

struct Row {
  What what;
  std::string_view name;
  bool outlives_reboot;
};
constexpr Row kRows[] = {
    {What::move_back, "move_back", true},  {What::restore, "restore", true},  {What::remove, "remove", true},
    {What::signal, "signal", false},       {What::limit, "limit", false},     {What::write, "write", false},
    {What::cgroup, "cgroup", false},       {What::unmount, "unmount", false}, {What::writable, "writable", false},
    {What::nft_table, "nft_table", false}, {What::qdisc, "qdisc", false},
};
static_assert(std::size(kRows) == static_cast<std::size_t>(What::qdisc) + 1);

const Row& row_of(What what) {
  return kRows[static_cast<std::size_t>(what)];
}

std::string quoted(const std::string& word) {
  return shell_quoted({word});
}

/// Records of older versions know its process only.
std::uint64_t number_of(const UndoOrder& order) {
  return order.network != 0 ? order.network : inode_of_network(order.process);
}

/// "--nofile=1024:4096", as prlimit(1) has it.
std::string limits_of(const UndoOrder& order) {
  constexpr std::pair<int, std::string_view> kNames[] = {
      {RLIMIT_NOFILE, "nofile"}, {RLIMIT_AS, "as"},     {RLIMIT_FSIZE, "fsize"},     {RLIMIT_NPROC, "nproc"},
      {RLIMIT_CPU, "cpu"},       {RLIMIT_DATA, "data"}, {RLIMIT_STACK, "stack"},     {RLIMIT_CORE, "core"},
      {RLIMIT_LOCKS, "locks"},   {RLIMIT_RSS, "rss"},   {RLIMIT_MEMLOCK, "memlock"},
  };
  const auto text = [](std::uint64_t limit) {
    return limit == RLIM_INFINITY ? std::string("unlimited") : std::to_string(limit);
  };
  for (const auto& [resource, name] : kNames)
    if (resource == order.number) return "--" + std::string(name) + "=" + text(order.soft) + ":" + text(order.hard);
  return "";
}

std::string in_network(const UndoOrder& order, const std::string& command) {
  const std::string path = find_network(number_of(order));
  return path.empty() ? "# the network has gone, and this with it: " + command
                      : "nsenter --net=" + quoted(path) + " " + command;
}
}  // namespace

std::string_view to_text(What what) {
  return row_of(what).name;
}

bool outlives_reboot(What what) {
  return row_of(what).outlives_reboot;
}

bool holds_processes(What what) {
  return what == What::signal || what == What::limit || what == What::write || what == What::cgroup ||
         what == What::nft_table || what == What::qdisc;
}

Value to_value(const UndoOrder& order) {
  Value value = Value::map({{"id", order.id}, {"what", to_text(order.what)}});
  if (!order.because.empty()) value.set("because", order.because);
  if (!order.from.empty()) value.set("from", order.from);
  if (!order.to.empty()) value.set("to", order.to);
  if (!order.bytes.empty()) value.set("bytes", hex(order.bytes));
  if (order.process.pid != 0) {
    value.set("pid", order.process.pid);
    value.set("start_ticks", order.process.start_ticks);
  }
  if (order.number != 0) value.set("number", order.number);
  if (order.what == What::limit) {
    value.set("soft", std::to_string(order.soft));
    value.set("hard", std::to_string(order.hard));
  }
  if (order.network != 0) value.set("network", static_cast<std::int64_t>(order.network));
  if (!order.marks.is_null()) value.set("marks", order.marks);
  if (!order.ours.empty()) value.set("ours", order.ours);
  if (!order.theirs.empty()) value.set("theirs", order.theirs);
  if (order.expires_boot_us != 0) value.set("expires_boot_us", order.expires_boot_us);
  return value;
}

Result<UndoOrder> undo_order_from(const Value& value) {
  const auto& name = value["what"].as_string();
  for (const auto& row : kRows) {
    if (row.name != name) continue;
    const auto number = [&](const char* key) { return std::strtoull(value[key].as_string().c_str(), nullptr, 10); };
    return UndoOrder{.id = static_cast<std::uint64_t>(value["id"].as_int()),
                     .what = row.what,
                     .from = value["from"].as_string(),
                     .to = value["to"].as_string(),
                     .bytes = unhex(value["bytes"].as_string()),
                     .process = {static_cast<pid_t>(value["pid"].as_int()), value["start_ticks"].as_int()},
                     .number = static_cast<int>(value["number"].as_int()),
                     .soft = number("soft"),
                     .hard = number("hard"),
                     .network = static_cast<std::uint64_t>(value["network"].as_int()),
                     .marks = value["marks"],
                     .ours = value["ours"].as_string(),
                     .theirs = value["theirs"].as_string(),
                     .expires_boot_us = value["expires_boot_us"].as_int(),
                     .because = value["because"].as_string()};
  }
  return Error{.what = "this version does not know how to undo \"" + name + "\""};
}

std::string in_words(const UndoOrder& order) {
  const std::string process = "process " + std::to_string(order.process.pid);
  switch (order.what) {
    case What::move_back:
      return "move " + order.to + " back from " + order.from;
    case What::restore:
      return "put the bytes of " + order.to + " back from " + order.from;
    case What::remove:
      return "remove " + order.to;
    case What::signal:
      return "send SIG" + signal_name(order.number) + " to " + process;
    case What::limit:
      return "give " + process + " its limits back";
    case What::write:
      return "write \"" + std::string(trim(order.bytes)) + "\" into " + order.to;
    case What::cgroup:
      return "remove the cgroup " + order.from;
    case What::unmount:
      return "unmount " + order.to;
    case What::writable:
      return "make " + order.to + " writable";
    case What::nft_table:
      return "delete the nft table " + order.bytes + " in the network " + std::to_string(number_of(order));
    case What::qdisc:
      break;
  }
  return "delete the queue of " + order.bytes + " in the network " + std::to_string(number_of(order));
}

std::string by_hand(const UndoOrder& order) {
  const std::string pid = std::to_string(order.process.pid);
  const std::string from = quoted(order.from), to = quoted(order.to);
  switch (order.what) {
    case What::move_back:
      return "rm -rf " + to + "; mv " + from + " " + to;
    case What::restore:
      return "cat " + from + " > " + to + "; rm " + from;
    case What::remove:
      return "rm -rf " + to;
    case What::signal:
      return "kill -" + signal_name(order.number) + " " + pid;
    case What::limit:
      if (limits_of(order).empty())
        return "# no command sets the resource " + std::to_string(order.number) + " of " + pid;
      return "prlimit --pid " + pid + " " + limits_of(order);
    case What::write:
      return "printf %s " + quoted(std::string(trim(order.bytes))) + " > " + to;
    case What::cgroup:
      return "for p in $(cat " + from + "/cgroup.procs); do echo $p > " + to + "/cgroup.procs; done; rmdir " + from;
    case What::unmount:
      return (order.process.pid != 0 ? "nsenter -t " + pid + " -m umount " : "umount ") + to;
    case What::writable:
      return "mount -o remount,rw " + to;
    case What::nft_table:
      return in_network(order, "nft delete table " + order.bytes);
    case What::qdisc:
      break;
  }
  return in_network(order, "tc qdisc del dev " + quoted(order.bytes) + " root");
}
}  // namespace mccoy
