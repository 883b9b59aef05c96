#include "harness/target/readiness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/base/text.hpp"
#include "harness/suite/settings.hpp"
#include "harness/target/describe.hpp"
#include "harness/target/wake.hpp"
#include "harness/witness/responder.hpp"

namespace mccoy::target {
namespace {
using Who = evidence::Responder::Who;
using How = suite::Ready::How;
constexpr Duration kOneAttempt = std::chrono::seconds(5);        ///< a server may hang while it starts
constexpr Duration kLastWords = std::chrono::milliseconds(300);  ///< for a service that a stranger keeps from its port
constexpr std::size_t kKeepOfCommand = 4096;

ReadyAnswer not_yet(std::string why) {
  return {.why = std::move(why)};
}
ReadyAnswer never(std::string why) {
  return {.hopeless = true, .why = std::move(why)};
}

/// Is the answer the service's own?
ReadyAnswer judge_responder(const ReadyAsk& ask, const evidence::Responder& responder, std::string how) {
  ReadyAnswer answer{.how = std::move(how), .responder = responder};
  const auto& name = ask.plan->asked->name;
  answer.ready = ask.life == nullptr || (responder.who == Who::service && responder.service == name);
  if (answer.ready) return answer;
  if (responder.who == Who::unknown) {
    answer.why = fmt::format("{} answers, but who that is cannot be seen: {}", responder.peer, responder.why_unseen);
    return answer;
  }
  answer.hopeless = true;
  if (responder.who == Who::service) {
    answer.why = fmt::format("{} is answered by service {}, not by {}", responder.peer, responder.service, name);
  } else {
    const auto who =
        responder.who == Who::remote ? "another machine" : describe(responder.processes, ask.run_started_ms);
    answer.why = fmt::format("{} is answered by {}, not by {}", responder.peer, who, name);
  }
  return answer;
}

ReadyAnswer ask_over_network(const ReadyAsk& ask, const std::string& url, bool only_connect, Deadline deadline) {
  std::optional<evidence::Responder> responder;
  const auto reached =
      reach({.url = url,
             .only_connect = only_connect,
             .check_certificate = false,  // who answers is found out by the kernel's tables
             .deadline = deadline.earlier(Deadline::in(kOneAttempt)),
             .interrupt = ask.interrupt,
             .give_up_fd = ask.life == nullptr ? -1 : ask.life->ended_fd(),
             .on_answer = [&](int fd) {
               responder = witness::who_answered(fd, *ask.ownership, ask.run_started_ms, ask.plan->asked->name);
             }});
  if (!reached.ok()) return not_yet(fmt::format("{}: {}", url, reached.why));
  if (!responder) return not_yet(url + ": the connection was closed before it could be looked at");
  const int wanted = ask.plan->asked->ready.status;
  const bool good = only_connect || (wanted == 0 ? reached.status / 100 == 2 : reached.status == wanted);
  auto answer = judge_responder(ask, *responder,
                                only_connect ? "connected to " + url : fmt::format("{} from {}", reached.status, url));
  if (answer.ready && !good) {
    answer.ready = false;
    answer.why = fmt::format("{} answers with status {}", url, reached.status);
  }
  return answer;
}

bool listens(const ReadyAsk& ask) {
  const auto open = witness::ports_listened_by(ask.life->members());
  return std::find(open.begin(), open.end(), ask.plan->port.port()) != open.end();
}

ReadyAnswer ask_by_command(const ReadyAsk& ask, Deadline deadline) {
  auto command = side_command(*ask.plan, ask.plan->asked->ready.what, ask.own, ask.env);
  if (!command.ok()) return never(command.error().what);
  const auto ran = run_command(*command, deadline, kKeepOfCommand, ask.interrupt);
  const auto& name = command->argv.front();
  if (!ran.ok()) return never(ran.error().what);
  if (ran->interrupted) return never("interrupted");
  if (ran->deadline_passed) return not_yet(name + " did not end in time");
  if (!ran->ended.exited || ran->ended.code != 0) {
    const auto said = last_line(ran->err.bytes > 0 ? ran->err.text() : ran->out.text());
    return not_yet(fmt::format("{} {} {}{}{}", name, ran->ended.exited ? "exited with status" : "was ended by signal",
                               ran->ended.exited ? std::to_string(ran->ended.code) : signal_name(ran->ended.code),
                               said.empty() ? "" : ": ", said));
  }
  if (ask.life != nullptr && ask.plan->uses_port && !listens(ask)) {
    return not_yet(fmt::format("{} exits with status 0, but no process of {} listens on port {}", name,
                               ask.plan->asked->name, ask.plan->port.port()));
  }
  return {.ready = true, .how = shell_quoted(command->argv)};
}

std::string target_text(const ReadyAsk& ask, ReadyAnswer& failed) {
  const auto& what = ask.plan->asked->ready.what;
  auto value = ask.own.expand(what.value, what.span);
  if (value.ok()) return suite::scalar_text(*value);
  failed = never(value.error().what);
  return "";
}

ReadyAnswer ask_once(const ReadyAsk& ask, How how, const std::string& what, Deadline deadline) {
  switch (how) {
    case How::http:
      return ask_over_network(ask, what, false, deadline);
    case How::tcp:
      return ask_over_network(ask, "tcp://" + what, true, deadline);
    case How::command:
      return ask_by_command(ask, deadline);
    case How::log:
      if (ask.line_seen && ask.line_seen()) return {.ready = true, .how = "a line of its log"};
      return not_yet("no line of its log matches " + what);
    case How::none:
      return {.ready = true, .how = "started"};
  }
  return never("unknown way to be ready");
}

/// A service that is told its port and states nothing is ready when it can be connected to there.
How how_to_ask(const ReadyAsk& ask) {
  const auto how = ask.plan->asked->ready.how;
  const bool has_port = ask.plan->attached() || ask.plan->uses_port;
  return how == How::none && has_port ? How::tcp : how;
}

std::string what_to_ask(const ReadyAsk& ask, How how, ReadyAnswer& failed) {
  if (how == How::none || how == How::command) return "";
  const bool stated = ask.plan->asked->ready.how != How::none;
  auto what = stated ? target_text(ask, failed) : to_text(ask.plan->address);
  if (how == How::tcp) {
    const auto address = parse_host_port(what);
    if (address.port == 0 && !failed.hopeless) failed = never(fmt::format("\"{}\" is not host:port", what));
    what = to_text(address);
  }
  if (how == How::http && what.starts_with('/')) {
    const auto url = url_of(*ask.plan, ask.own);
    what = url.ok() ? *url + what : what;
  }
  return what;
}

/// Why a service that has died was not ready: also who sits on its port.
std::string death_text(const ReadyAsk& ask, const Death& death) {
  std::string why = "it " + death.text();
  for (const int port : ask.plan->ports()) {
    const auto owners = witness::listeners_on(port, {});
    const bool own =
        std::any_of(owners.begin(), owners.end(), [&](const auto& owner) { return ask.life->owns(owner.id.pid); });
    if (!owners.empty() && !own)
      why += fmt::format("; port {} is held by {}", port, describe(owners, ask.run_started_ms));
  }
  return why;
}

/// A stranger has the port: the service itself has usually just found that out.
void add_last_words(const ReadyAsk& ask, ReadyAnswer& answer) {
  if (ask.life == nullptr) return;
  wait_for_any(ask.life->ended_fd(), -1, ask.interrupt, Deadline::in(kLastWords));
  if (const auto death = ask.life->death()) answer.why += fmt::format("; {} {}", ask.plan->asked->name, death->text());
}
}  // namespace

ReadyAnswer wait_until_ready(const ReadyAsk& ask) {
  const auto& ready = ask.plan->asked->ready;
  const Duration within = std::max(ready.within, ask.at_least);
  const auto deadline = Deadline::in(within);
  const How how = how_to_ask(ask);
  ReadyAnswer answer;
  const auto what = what_to_ask(ask, how, answer);
  const int ended = ask.life == nullptr ? -1 : ask.life->ended_fd();
  while (!answer.hopeless) {
    const auto before = std::exchange(answer, ask_once(ask, how, what, deadline));
    const bool cut_off = deadline.passed() && !answer.ready && !answer.hopeless;
    if (cut_off && !before.why.empty()) answer.why = before.why;  // says more than that the time was over
    if (raised(ask.interrupt)) return never("interrupted");
    if (answer.hopeless) break;
    const auto death = ask.life == nullptr ? std::nullopt : ask.life->death();
    if (death) return never(death_text(ask, *death));
    if (answer.ready) return answer;
    if (deadline.passed()) {
      answer.why = fmt::format("not ready within {}: {}", human_duration(within), answer.why);
      return answer;
    }
    wait_for_any(ended, how == How::log ? ask.line_fd : -1, ask.interrupt,
                 how == How::log ? deadline : deadline.earlier(Deadline::in(ready.every)));
  }
  if (answer.responder) add_last_words(ask, answer);
  return answer;
}
}  // namespace mccoy::target
