#include "harness/target/service_plan.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/base/file.hpp"
#include "harness/suite/settings.hpp"
#include "harness/target/describe.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::target {
namespace {
using suite::Located;

bool mentions_port(const Value& value) {
  if (value.is_list()) {
    for (const auto& item : value.as_list())
      if (mentions_port(item)) return true;
    return false;
  }
  const auto uses = suite::variables_in(value.as_string());
  if (!uses.ok()) return false;
  for (const auto& use : *uses)
    if (use.name == "port") return true;
  return false;
}

bool is_told_its_port(const suite::Service& service) {
  if (service.fixed_port != 0 || mentions_port(service.run.value) || mentions_port(service.ready.what.value))
    return true;
  for (const auto& command : service.before)
    if (mentions_port(command.value)) return true;
  for (const auto& [name, value] : service.env)
    if (mentions_port(value.value)) return true;
  return false;
}

Status with_place(Status status, Span span) {
  if (status.ok() || status.error().where.line != 0) return status;
  status.error().where = span;
  return status;
}

Status choose_ports(ServicePlan& plan) {
  const auto& service = *plan.asked;
  plan.address.host = "127.0.0.1";
  for (const auto& name : service.ports) {
    MCCOY_TRY(hold, PortHold::choose());
    plan.named_ports.emplace(name, std::move(hold));
  }
  if (service.fixed_port == 0) {
    MCCOY_TRY(hold, PortHold::choose());
    plan.port = std::move(hold);
  } else {
    auto hold = PortHold::take(service.fixed_port);  // who is in its way is found out when it starts
    plan.port = hold.ok() ? std::move(*hold) : PortHold::unheld(service.fixed_port);
  }
  plan.address.port = plan.port.port();
  return {};
}

Status find_attached(ServicePlan& plan, const suite::Scope& scope) {
  const auto& attach = plan.asked->attach;
  MCCOY_TRY(text, scope.expand(attach.value, attach.span));
  plan.address = parse_host_port(suite::scalar_text(text));
  plan.port = PortHold::unheld(plan.address.port);
  if (plan.address.port != 0) return {};
  return Error{.where = attach.span,
               .what = fmt::format("\"{}\" is not an address to attach to", suite::scalar_text(text)),
               .hint = "write host:port, as in 127.0.0.1:5432"};
}

/// The folder whose search permission another user lacks; "" when all of them let him through.
std::string closed_parent(const std::string& dir, const RunAs& user) {
  for (auto folder = dirname(dir);; folder = dirname(folder)) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) return folder;
    const mode_t needed = status.st_uid == user.uid ? S_IXUSR : status.st_gid == user.gid ? S_IXGRP : S_IXOTH;
    if ((status.st_mode & needed) == 0) return folder;
    if (folder == "/") return "";
  }
}

void let_others_through(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0) (void)::chmod(folder.c_str(), (status.st_mode & 07777U) | 0111U);
}

Status give_folder(const ServicePlan& plan, const std::string& scratch) {
  if (!plan.user.uid) return {};
  for (const auto& folder : {scratch, dirname(plan.dir)}) let_others_through(folder);
  if (::chown(plan.dir.c_str(), *plan.user.uid, *plan.user.gid) != 0) {
    return system_error("the folder of a service cannot be given to " + plan.user.name, errno);
  }
  const auto closed = closed_parent(plan.dir, plan.user);
  if (closed.empty()) return {};
  return Error{
      .what = fmt::format("user {} may not enter {}, below which the service's folder lies", plan.user.name, closed),
      .hint = "set TMPDIR to a folder that everybody may enter, such as /tmp"};
}

Status make_folder(ServicePlan& plan, const std::string& scratch) {
  plan.dir = scratch + "/services/" + plan.asked->name;
  MCCOY_DO(make_dirs(dirname(plan.dir)));
  MCCOY_DO(make_dirs(plan.dir, 0700));
  return give_folder(plan, scratch);
}

Result<std::vector<std::string>> expand_texts(const Located& located, const suite::Scope& scope) {
  MCCOY_TRY(value, scope.expand(located.value, located.span));
  std::vector<std::string> texts;
  for (const auto& item : value.as_list()) texts.push_back(suite::scalar_text(item));
  if (value.is_string()) texts.push_back(value.as_string());
  if (texts.empty()) return Error{.where = located.span, .what = "this command is empty"};
  return texts;
}

Result<std::vector<std::string>> environment(const ServicePlan& plan, const suite::Scope& own,
                                             std::vector<std::string> env) {
  set_env(env, "HOME", plan.dir);
  if (plan.user.uid) {
    set_env(env, "USER", plan.user.name);
    set_env(env, "LOGNAME", plan.user.name);
  }
  for (const auto& [name, located] : plan.asked->env) {
    MCCOY_TRY(value, own.expand(located.value, located.span));
    set_env(env, name, suite::scalar_text(value));
  }
  return env;
}

Result<Command> make_command(const ServicePlan& plan, const Located& argv, const suite::Scope& own,
                             const std::vector<std::string>& env, const std::string& usual_cwd) {
  Command command;
  MCCOY_TRY(texts, expand_texts(argv, own));
  command.argv = std::move(texts);
  auto& program = command.argv.front();
  if (program.find('/') != std::string::npos) program = absolute(program, plan.suite_folder);
  MCCOY_TRY(complete, environment(plan, own, env));
  command.env = std::move(complete);
  MCCOY_TRY(cwd, own.expand(plan.asked->cwd.value, plan.asked->cwd.span));
  command.cwd = cwd.is_null() ? usual_cwd : absolute(suite::scalar_text(cwd), plan.suite_folder);
  command.uid = plan.user.uid;
  command.gid = plan.user.gid;
  return command;
}
bool must_read(const suite::Service& service, const suite::Suite& suite) {
  return std::ranges::any_of(suite.cases, [&](const suite::Case& which) {
    return std::ranges::any_of(which.contract, [&](const suite::Obligation& obligation) {
      return obligation.kind->name == "service" && obligation.settings["svc"].as_string() == service.name &&
             obligation.settings.find("read") != nullptr;
    });
  });
}
}  // namespace

std::vector<int> ServicePlan::ports() const {
  std::vector<int> all{port.port()};
  for (const auto& [name, further] : named_ports) all.push_back(further.port());
  return all;
}

Result<ServicePlan> plan_service(const suite::Service& service, const suite::Suite& suite, const suite::Scope& scope,
                                 const std::string& scratch) {
  ServicePlan plan;
  plan.asked = &service;
  plan.suite_folder = suite.folder;
  if (plan.attached()) {
    MCCOY_DO(find_attached(plan, scope));
    return plan;
  }
  plan.uses_port = is_told_its_port(service);
  plan.reads_matter = must_read(service, suite);
  MCCOY_TRY(user, find_user(service.user, service.span));
  plan.user = std::move(user);
  MCCOY_DO(with_place(choose_ports(plan), service.span));
  MCCOY_DO(with_place(make_folder(plan, scratch), service.span));
  return plan;
}

std::string port_taken_by(const ServicePlan& plan, std::int64_t run_started_ms) {
  for (const int port : plan.ports()) {
    const auto owners = witness::listeners_on(port, {});
    if (!owners.empty()) return fmt::format("port {} is held by {}", port, describe(owners, run_started_ms));
  }
  return "";
}

suite::Scope own_scope(const ServicePlan& plan, const suite::Scope& scope) {
  Value names = Value::map({{"port", plan.port.port()}, {"dir", plan.dir}});
  for (const auto& [name, hold] : plan.named_ports) names.set("port." + name, hold.port());
  return scope.with(std::move(names));
}

Result<std::string> url_of(const ServicePlan& plan, const suite::Scope& own) {
  if (plan.asked->url.value.is_null()) return "http://" + to_text(plan.address);
  MCCOY_TRY(url, own.expand(plan.asked->url.value, plan.asked->url.span));
  return suite::scalar_text(url);
}

Result<Command> command_of(const ServicePlan& plan, const suite::Scope& own, const std::vector<std::string>& env) {
  const auto& usual_cwd = plan.asked->user.empty() ? plan.suite_folder : plan.dir;
  MCCOY_TRY(command, make_command(plan, plan.asked->run, own, env, usual_cwd));
  command.want_cgroup = true;
  return command;
}

Result<Command> side_command(const ServicePlan& plan, const Located& argv, const suite::Scope& own,
                             const std::vector<std::string>& env) {
  return make_command(plan, argv, own, env, plan.dir);
}
}  // namespace mccoy::target
