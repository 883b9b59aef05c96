// The network of a service that has a network namespace of its own (started by `ip netns exec NAME …`, say) loses
// packets, delays them, or is cut off from another service. Through nftables and netem inside that namespace; the
// host's own network is never touched.
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "harness/base/file.hpp"
#include "harness/base/namespaces.hpp"
#include "harness/base/random.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo.hpp"
#include "harness/base/undo_record.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;
constexpr const char* kPath = "/usr/sbin:/sbin:/usr/bin:/bin";
constexpr std::chrono::seconds kPatience{10};

ProcessId root_of(const FaultContext& context) {
  const auto where = context.services->whereabouts(context.service);
  return where ? where->root : ProcessId{};
}

/// The network of a process, which stays while it is held: others may be in it when the process is gone.
UniqueFd network_of(const ProcessId& process) {
  return UniqueFd(::open(("/proc/" + std::to_string(process.pid) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
}

/// For people: one that leads there also when the process has ended, if there is one.
std::string path_of(const ProcessId& process) {
  return find_network(inode_of_network(process));
}

/// Runs a tool in the network of the service. errors: its own words
Result<std::string> in_network(const UniqueFd& network, std::vector<std::string> argv, const std::string& input = "") {
  argv.insert(argv.begin(), {"nsenter", fmt::format("--net=/proc/{}/fd/{}", ::getpid(), network.get()), "--"});
  Command command{.argv = std::move(argv), .env = base_environment(), .cwd = "/", .input = input};
  set_env(command.env, "PATH", kPath);
  MCCOY_TRY(ran, run_command(command, Deadline::in(kPatience)));
  if (ran.ended.exited && ran.ended.code == 0) return ran.out.text();
  return Error{.what = command.argv[3] + " failed: " + visible_line(trim(ran.err.text()), 300)};
}

std::string lacks_network(const FaultContext& context, const char* tool) {
  if (::geteuid() != 0) return "changing the network of a service needs root";
  if (find_program(tool, kPath, "/").empty())
    return fmt::format("{} is not installed (Debian: apt-get install {})", tool,
                       std::string_view(tool) == "tc" ? "iproute2" : "nftables");
  if (!has_own_namespace(root_of(context), "net"))
    return context.service +
           " has no network namespace of its own, and that of the machine is not touched; start it "
           "with `ip netns exec NAME`, or use a fault of its proxy";
  return "";
}

/// Sum of all "packets" in what `nft -j list` says.
double packets_in(const Value& value) {
  double sum = value["packets"].as_double();
  for (const auto& [name, item] : value.as_map())
    if (item.is_map() || item.is_list()) sum += packets_in(item);
  for (const auto& item : value.as_list()) sum += packets_in(item);
  return sum;
}

class Dropping final : public Fault {
 public:
  /// rule  of nft, what is dropped: "tcp dport 5432"; both directions are given
  Dropping(const FaultContext& context, std::vector<std::string> rules, std::string sentence)
      : context_(context),
        rules_(std::move(rules)),
        sentence_(std::move(sentence)),
        table_("mccoy_" + fresh_token(8)),
        process_(root_of(context)),
        network_(network_of(process_)) {}
  ~Dropping() override { (void)heal(); }

  FaultPlan plan() const override {
    return {.does = {sentence_},
            .by_hand = {fmt::format("nsenter --net={} nft delete table inet {}", path_of(process_), table_)},
            .through = "nftables"};
  }
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override { return during.value > before.value; }
  bool is_healed(const Reading&, const Reading& after) const override { return !after.facts["table"].as_bool(); }
  std::string fell_short(const Reading&, const Reading& last) const override {
    return last.facts["table"].as_bool() ? "" : "somebody removed the rules of " + context_.service;
  }

 private:
  Status inject() override;
  /// What holds the network here may be all that holds it: then the order does not find it.
  Status heal() override {
    if (!lives(process_)) (void)in_network(network_, {"nft", "delete", "table", "inet", table_});
    return undo_.fulfil();
  }

  const FaultContext context_;
  const std::vector<std::string> rules_;
  const std::string sentence_, table_;
  const ProcessId process_;
  const UniqueFd network_;
  Undo undo_;
  double dropped_ = 0;
};

Result<Reading> Dropping::measure() {
  const auto listed = in_network(network_, {"nft", "-j", "list", "tables"});
  if (!listed.ok()) return listed.error();
  const bool there = listed->find("\"" + table_ + "\"") != std::string::npos;
  if (there) {
    MCCOY_TRY(text, in_network(network_, {"nft", "-j", "list", "table", "inet", table_}));
    MCCOY_TRY(value, from_json(text));
    dropped_ = packets_in(value);
  }
  return Reading{.what = "packets of " + context_.service + " that were dropped",
                 .unit = "packets",
                 .value = dropped_,
                 .text = fmt::format("{:.0f} dropped, through nftables", dropped_),
                 .facts = Value::map({{"table", there}})};
}

Status Dropping::inject() {
  MCCOY_TRY(undo, Undo::promise({.what = Undo::What::nft_table,
                                 .bytes = "inet " + table_,
                                 .process = process_,
                                 .network = inode_of_network(process_),
                                 .expires_boot_us = expiry_in(context_.expires_in),
                                 .because = sentence_}));
  undo_ = std::move(undo);
  std::string text = "table inet " + table_ + " {\n";
  for (const char* hook : {"input", "output"}) {
    text += fmt::format("chain {} {{ type filter hook {} priority -300; policy accept;\n", hook, hook);
    for (const auto& rule : rules_) text += rule + " counter drop\n";
    text += "}\n";
  }
  auto done = in_network(network_, {"nft", "-f", "-"}, text + "}\n");
  return done.ok() ? Status() : Status(std::move(done).error());
}

class Delay final : public Fault {
 public:
  Delay(const FaultContext& context, Duration by)
      : context_(context), by_(by), process_(root_of(context)), network_(network_of(process_)) {}
  ~Delay() override { (void)heal(); }

  FaultPlan plan() const override {
    return {.does = {fmt::format("delay what {} sends by {}", context_.service, human_duration(by_))},
            .by_hand = {fmt::format("nsenter --net={} tc qdisc del dev DEVICE root", path_of(process_))},
            .through = "netem"};
  }
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override { return during.value > before.value; }
  bool is_healed(const Reading&, const Reading& after) const override { return !after.facts["netem"].as_bool(); }
  std::string fell_short(const Reading&, const Reading& last) const override {
    return last.facts["netem"].as_bool() ? "" : "somebody removed the queue of " + context_.service;
  }

 private:
  Status inject() override;
  Status heal() override {
    Status first;
    for (auto& undo : undo_)
      if (!lives(process_)) (void)in_network(network_, {"tc", "qdisc", "del", "dev", undo.order().bytes, "root"});
    for (auto& undo : undo_)
      if (auto done = undo.fulfil(); !done.ok() && first.ok()) first = std::move(done);
    if (first.ok()) undo_.clear();
    return first;
  }

  const FaultContext context_;
  const Duration by_;
  const ProcessId process_;
  const UniqueFd network_;
  std::vector<Undo> undo_;
  double delayed_ = 0;
};

Result<Reading> Delay::measure() {
  MCCOY_TRY(text, in_network(network_, {"tc", "-s", "-j", "qdisc", "show"}));
  MCCOY_TRY(value, from_json(text));
  bool there = false;
  double packets = 0;
  for (const auto& queue : value.as_list())
    if (queue["kind"].as_string() == "netem") {
      there = true;
      packets += queue["packets"].as_double();
    }
  delayed_ = there ? packets : delayed_;
  return Reading{.what = "packets of " + context_.service + " that were delayed",
                 .unit = "packets",
                 .value = delayed_,
                 .text = fmt::format("{:.0f} delayed, through netem", delayed_),
                 .facts = Value::map({{"netem", there}})};
}

Status Delay::inject() {
  MCCOY_TRY(text, in_network(network_, {"ip", "-j", "link", "show"}));
  MCCOY_TRY(links, from_json(text));
  for (const auto& link : links.as_list()) {
    const auto& device = link["ifname"].as_string();
    MCCOY_TRY(undo, Undo::promise({.what = Undo::What::qdisc,
                                   .bytes = device,
                                   .process = process_,
                                   .network = inode_of_network(process_),
                                   .expires_boot_us = expiry_in(context_.expires_in),
                                   .because = "what " + context_.service + " sends is delayed"}));
    undo_.push_back(std::move(undo));
    const auto us = std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(by_).count()) + "us";
    auto done = in_network(network_, {"tc", "qdisc", "add", "dev", device, "root", "netem", "delay", us});
    if (!done.ok()) return std::move(done).error();
  }
  return {};
}

/// Tried in a network namespace of nobody, which ends with the command.
std::string lacks_netem() {
  Command command{.argv = {"unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"},
                  .env = base_environment(),
                  .cwd = "/"};
  set_env(command.env, "PATH", kPath);
  const auto ran = run_command(command, Deadline::in(kPatience));
  if (!ran.ok()) return ran.error().what;
  if (ran->ended.exited && ran->ended.code == 0) return "";
  return "the kernel of this machine has no netem: " + visible_line(trim(ran->err.text()), 200);
}

std::string lacks_nft(const FaultContext& context, const Value&) {
  return lacks_network(context, "nft");
}
std::string lacks_delay(const FaultContext& context, const Value&) {
  const auto why = lacks_network(context, "tc");
  return why.empty() ? lacks_netem() : why;
}

Result<std::unique_ptr<Fault>> make_partition(const FaultContext& context, const Value& settings) {
  const auto& from = settings["from"].as_string();
  const auto where = context.services->whereabouts(from);
  if (!where) return Error{.what = "from: there is no service \"" + from + "\" in this suite"};
  std::vector<std::string> rules;
  for (const int port : where->ports)
    for (const char* end : {"dport", "sport"})
      for (const char* protocol : {"tcp", "udp"}) rules.push_back(fmt::format("{} {} {}", protocol, end, port));
  return std::make_unique<Dropping>(context, std::move(rules),
                                    fmt::format("drop every packet between {} and {}", context.service, from));
}

constexpr int kParts = 1000;  ///< of all packets

Status check_loss(const Value& settings, Duration) {
  const double share = settings["share"].as_double();
  return share >= 0.001 && share <= 1 ? Status() : Error{.what = "share: write a number from 0.001 to 1"};
}
Status check_delay(const Value& settings, Duration) {
  return settings["by"].as_int() > 0 ? Status() : Error{.what = "by: write a time above 0"};
}

Result<std::unique_ptr<Fault>> make_loss(const FaultContext& context, const Value& settings) {
  const auto part = std::lround(settings["share"].as_double() * kParts);
  return std::make_unique<Dropping>(
      context, std::vector<std::string>{part == kParts ? "" : fmt::format("numgen random mod {} < {}", kParts, part)},
      fmt::format("drop {:g} % of the packets of {}", static_cast<double>(part) / 10, context.service));
}

Result<std::unique_ptr<Fault>> make_delay(const FaultContext& context, const Value& settings) {
  return std::make_unique<Delay>(context, Duration(settings["by"].as_int()));
}

constexpr Field kPartition[] = {{.name = "from", .help = "the other service", .required = true, .example = "db"}};
constexpr Field kLoss[] = {{.name = "share",
                            .type = FieldType::number,
                            .help = "of the packets, in each direction, by the kernel's own choice",
                            .required = true,
                            .example = "0.1"}};
constexpr Field kDelay[] = {
    {.name = "by", .type = FieldType::duration, .help = "each packet it sends", .required = true, .example = "100ms"}};
constexpr std::string_view kNeeds = "root, nftables, and a service with a network namespace of its own";
}  // namespace

extern const FaultKind partition_fault{.name = "partition",
                                       .summary = "no packet passes between the service and another one",
                                       .fields = kPartition,
                                       .needs = kNeeds,
                                       .lacks = &lacks_nft,
                                       .make = &make_partition};
extern const FaultKind loss_fault{.name = "packet_loss",
                                  .summary = "packets of the service are lost",
                                  .fields = kLoss,
                                  .needs = kNeeds,
                                  .check = &check_loss,
                                  .lacks = &lacks_nft,
                                  .make = &make_loss};
extern const FaultKind delay_fault{
    .name = "packet_delay",
    .summary = "packets of the service arrive late",
    .fields = kDelay,
    .needs = "root, a kernel with netem, and a service with a network namespace of its own",
    .check = &check_delay,
    .lacks = &lacks_delay,
    .make = &make_delay};
}  // namespace mccoy::chaos
