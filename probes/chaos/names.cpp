// A name resolves wrongly, not at all, or slowly, for one service: private copies of /etc/hosts and /etc/resolv.conf
// are mounted in its own mount namespace, and a responder of ours answers. Nobody else on the machine notices.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "harness/base/file.hpp"
#include "harness/base/namespaces.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo.hpp"
#include "harness/base/undo_record.hpp"
#include "probes/chaos/fault.hpp"
#include "probes/chaos/responder.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;
constexpr const char* kHosts = "/etc/hosts";
constexpr const char* kServers = "/etc/resolv.conf";
constexpr std::int64_t kMaxFile = 1 << 20;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

struct Line {
  std::string address;
  std::vector<std::string> names;
};
Line read_line(const std::string& line) {
  std::istringstream words(line.substr(0, line.find('#')));
  Line read;
  words >> read.address;
  for (std::string name; words >> name;) read.names.push_back(lower(name));
  return read;
}

/// /etc/hosts without the name, and the address it had there.
struct Hosts {
  std::string text, address;
};
Hosts hosts_without(const std::string& name) {
  Hosts hosts;
  const auto text = read_file(kHosts, kMaxFile);
  for (const auto& line : split(text.ok() ? *text : "", '\n')) {
    Line read = read_line(line);
    if (std::erase(read.names, name) == 0) {
      hosts.text += line + "\n";
      continue;
    }
    if (hosts.address.empty() && read.address.find(':') == std::string::npos) hosts.address = read.address;
    if (!read.names.empty()) hosts.text += read.address + " " + join(read.names, " ") + "\n";
  }
  return hosts;
}

/// The first server of the machine with an IPv4 address; "" when there is none.
std::string server_of_machine() {
  const auto text = read_file(kServers, kMaxFile);
  for (const auto& line : split(text.ok() ? *text : "", '\n')) {
    const Line read = read_line(line);
    if (read.address == "nameserver" && !read.names.empty() && read.names[0].find(':') == std::string::npos)
      return read.names[0];
  }
  return "";
}

class Names final : public Fault {
 public:
  Names(const FaultContext& context, Responder::Answer answer) : context_(context), answer_(std::move(answer)) {}
  ~Names() override { (void)heal(); }

  FaultPlan plan() const override;
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override { return during.value > before.value; }
  std::string fell_short(const Reading&, const Reading& last) const override {
    const bool lasted = last.facts["mounted"].as_bool() || !lives(process_);
    return lasted ? "" : "somebody took its name files away from " + context_.service;
  }
  bool is_healed(const Reading&, const Reading& after) const override { return !after.facts["mounted"].as_bool(); }

 private:
  Status inject() override;
  Status heal() override;
  Status put_over(const char* point, const std::string& text);
  bool is_mounted() const;

  const FaultContext context_;
  Responder::Answer answer_;
  std::unique_ptr<Responder> responder_;
  ProcessId process_;
  std::vector<Undo> undo_;
  std::vector<std::string> files_;
  std::int64_t asked_ = 0;
};

FaultPlan Names::plan() const {
  const std::string then = answer_.delay.count() > 0 ? "after " + human_duration(answer_.delay)
                           : answer_.address.empty() ? "not at all"
                                                     : "as " + answer_.address;
  return {.does = {fmt::format("{} resolves {} {}", context_.service, answer_.name, then),
                   fmt::format("mount private copies of {} and {} for {}", kHosts, kServers, context_.service)},
          .by_hand = {fmt::format("nsenter -t {} -m umount {} {}",
                                  context_.services->whereabouts(context_.service)->root.pid, kHosts, kServers)},
          .through = "mount namespace"};
}

bool Names::is_mounted() const {
  struct stat ours {
  }, theirs{};
  const std::string path = "/proc/" + std::to_string(process_.pid) + "/root" + kHosts;
  return process_.pid != 0 && ::stat(kHosts, &ours) == 0 && ::stat(path.c_str(), &theirs) == 0 &&
         (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev);
}

Result<Reading> Names::measure() {
  if (responder_) asked_ = responder_->asked();
  const bool mounted = is_mounted();
  return Reading{.what = fmt::format("questions of {} about {} that were answered so", context_.service, answer_.name),
                 .unit = "questions",
                 .value = static_cast<double>(asked_),
                 .text = fmt::format("{} questions; {} sees {}", asked_, context_.service,
                                     mounted ? "private name files" : "the name files of the machine"),
                 .facts = Value::map({{"mounted", mounted}})};
}

Status Names::put_over(const char* point, const std::string& text) {
  const std::string file = context_.scratch + "/" + basename(point);
  MCCOY_DO(write_atomically(file, text, 0644));
  files_.push_back(file);
  MCCOY_TRY(undo, Undo::promise({.what = Undo::What::unmount,
                                 .to = point,
                                 .process = process_,
                                 .expires_boot_us = expiry_in(context_.expires_in),
                                 .because = "names resolve wrongly for " + context_.service}));
  undo_.push_back(std::move(undo));
  return mount_for(process_, file, point);
}

Status Names::inject() {
  process_ = context_.services->whereabouts(context_.service)->root;
  const Hosts hosts = hosts_without(answer_.name);
  Responder::Answer answer = answer_;
  if (answer.address.empty() && answer.delay.count() > 0) answer.address = hosts.address;
  MCCOY_TRY(responder, Responder::start(answer, server_of_machine()));
  responder_ = std::move(responder);
  MCCOY_DO(put_over(kHosts, hosts.text));
  return put_over(kServers, "nameserver " + responder_->address() + "\noptions timeout:30 attempts:1\n");
}

Status Names::heal() {
  Status first;
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo)
    if (auto done = undo->fulfil(); !done.ok() && first.ok()) first = std::move(done);
  if (!first.ok()) return first;
  undo_.clear();
  if (responder_) asked_ = responder_->asked();
  responder_.reset();
  for (const auto& file : files_) ::unlink(file.c_str());
  files_.clear();
  return first;
}

constexpr Field kFields[] = {
    {.name = "name", .help = "the name that is asked for", .required = true, .example = "db.example"},
    {.name = "to",
     .help = "the IPv4 address it resolves to; without it (and without delay) it does not exist",
     .example = "127.0.0.9"},
    {.name = "delay", .type = FieldType::duration, .help = "how long every answer takes", .fallback = "0s"}};

std::string lacks(const FaultContext& context, const Value&) {
  if (::geteuid() != 0) return "mounts for one service, and port 53, need root";
  if (::access(kServers, F_OK) != 0) return std::string("this machine has no ") + kServers;
  const auto where = context.services->whereabouts(context.service);
  return where && !has_own_namespace(where->root, "mnt")
             ? context.service + " was started without a mount namespace of its own"
             : "";
}

void provide(const Value&, target::Provisions& provisions) {
  provisions.add({.private_mounts = true});
}

Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  Responder::Answer answer{.name = lower(settings["name"].as_string()),
                           .address = settings["to"].as_string(),
                           .delay = Duration(settings["delay"].as_int())};
  in_addr parsed{};
  if (!answer.address.empty() && ::inet_pton(AF_INET, answer.address.c_str(), &parsed) != 1)
    return Error{.what = "to: \"" + answer.address + "\" is no IPv4 address"};
  if (answer.name.ends_with('.')) answer.name.pop_back();
  if (answer.name.empty()) return Error{.what = "name: write the name that is asked for"};
  return std::make_unique<Names>(context, std::move(answer));
}
}  // namespace

extern const FaultKind names_fault{.name = "names",
                                   .summary = "a name resolves wrongly, not at all, or slowly, for the service",
                                   .fields = kFields,
                                   .needs = "root; a program that asks the C library, by /etc/hosts and DNS",
                                   .provide = &provide,
                                   .lacks = &lacks,
                                   .make = &make};
}  // namespace mccoy::chaos
