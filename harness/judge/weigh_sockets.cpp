// Obligations about who talked to whom: connect, listener, service, engine.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "harness/base/text.hpp"
#include "harness/judge/chain.hpp"
#include "harness/judge/paths.hpp"
#include "harness/judge/weigh.hpp"
#include "harness/judge/weigh_activity.hpp"
#include "harness/judge/weigh_service.hpp"

namespace mccoy::judge {
namespace {
using evidence::Facts;
using evidence::Responder;
using evidence::SeenProcess;
using evidence::SeenService;

bool was_seen(const std::optional<Responder>& responder) {
  return responder && responder->how != Responder::How::unseen && responder->who != Responder::Who::unknown;
}

std::string_view port_of(std::string_view address) {
  const auto colon = address.rfind(':');
  return colon == std::string_view::npos ? std::string_view{} : address.substr(colon + 1);
}

/// Attached services were there before the run by the suite's own word.
bool is_attached(const Facts& facts, std::string_view service) {
  const SeenService* seen = find_service(facts, service);
  return seen != nullptr && !seen->started_by_us;
}
bool may_be_older(const Question& question) {
  return question.setting("started").as_string() == "any";
}

// ---- connect: the probe's own conversation

bool talked_to(const Responder& responder, const std::string& to, const Facts& facts) {
  if (responder.who == Responder::Who::service && responder.service == to)
    return !responder.started_before_run || is_attached(facts, to);
  if (responder.expected_service == to && is_attached(facts, to)) return responder.who != Responder::Who::harness;
  return same_endpoint(responder.peer, to);
}

Weight elsewhere(const Responder& responder, const std::string& to) {
  if (responder.started_before_run && responder.expected_service == to)
    return broken(fmt::format("the {} that answered is older than this run", to));
  if (responder.expected_service == to) return broken(fmt::format("{} answered instead", describe(responder)));
  return unseen(fmt::format("the probe talked to {}; what others talk to: {}", describe(responder), kNeedsWitness));
}

/// A claim of the kind "this port accepts connections": by default, and without a word of bytes.
bool is_bare(const Question& question) {
  return !question.obligation.stated && question.setting("min_bytes_in").is_null() &&
         question.setting("min_bytes_out").is_null();
}

/// What was counted may be less than what was exchanged in the end, so a shortfall does not contradict.
std::optional<Weight> too_little(const Question& question, const Responder& responder) {
  if (is_bare(question)) return std::nullopt;
  const auto in = std::max<std::int64_t>(1, quantity(question.setting("min_bytes_in"), 1));
  const auto out = std::max<std::int64_t>(1, quantity(question.setting("min_bytes_out"), 1));
  const auto requests = quantity(question.setting("min_requests"), 0);
  if (responder.bytes_in < in || responder.bytes_out < out)
    return unseen(fmt::format("{} bytes were sent and {} came back; {} and {} were wanted", responder.bytes_out,
                              responder.bytes_in, out, in));
  if (responder.requests < requests)
    return unseen(fmt::format("{} requests were counted, {} were wanted", responder.requests, requests));
  return std::nullopt;
}

Weight connect(const Question& question) {
  if (auto seen = connection_seen(question)) return *std::move(seen);
  if (!was_seen(question.facts.responder)) {
    const std::string why = question.facts.responder ? question.facts.responder->why_unseen : "";
    return unseen(why.empty() ? fmt::format("only the probe's own connection is seen: {}", kNeedsWitness)
                              : "who answered could not be seen: " + why);
  }
  const Responder& responder = *question.facts.responder;
  const std::string& to = question.setting("to").as_string();
  if (!talked_to(responder, to, question.facts)) {
    const bool of_service = responder.who == Responder::Who::service;
    auto by_way = of_service ? by_way_of(question, responder.service, to) : std::nullopt;
    if (of_service && !by_way) by_way = handed_nothing_on(question, responder.service, to);
    return by_way ? *std::move(by_way) : elsewhere(responder, to);
  }
  if (auto shortfall = too_little(question, responder)) return *std::move(shortfall);
  if (!question.setting("peer_exe").is_null()) {
    const Same same = same_program(responder.processes, question.obligation, "peer_exe");
    if (same == Same::no) return broken(fmt::format("{} answered, which is another program", describe(responder)));
    if (same != Same::yes) return unseen("which program answered could not be recognised");
  }
  return held(fmt::format("{} bytes out, {} bytes in", responder.bytes_out, responder.bytes_in));
}
std::string connect_text(const Value& settings) {
  return fmt::format("a conversation with {}", settings["to"].as_string());
}

// ---- listener: whose the socket is

Weight recognised(const Question& question, const std::vector<SeenProcess>& processes, std::string why) {
  if (!question.setting("exe").is_null()) {
    const Same same = same_program(processes, question.obligation, "exe");
    if (same == Same::no) return broken("another program owns the socket: " + describe(processes.front()));
    if (same != Same::yes) return unseen("the program that owns the socket could not be recognised");
  }
  if (const Value& pattern = question.setting("argv"); !pattern.is_null()) {
    const RE2 regex(pattern.as_string(), RE2::Quiet);
    const bool matches = regex.ok() && std::any_of(processes.begin(), processes.end(), [&](const SeenProcess& process) {
                           return RE2::PartialMatch(join(process.argv, " "), regex);
                         });
    if (!matches) return unseen("its arguments are not those that were wanted");
  }
  return held(std::move(why));
}

Weight own_listener(const Question& question, const std::string& service) {
  const SeenService* seen = find_service(question.facts, service);
  if (seen == nullptr || !seen->alive || seen->listeners.empty()) return unseen("nobody saw who owns its socket");
  if (!seen->started_by_us && !may_be_older(question))
    return unseen(fmt::format("this run did not start {}; say `started: any` if that is meant", service));
  return recognised(question, seen->listeners, describe(seen->listeners.front()) + " owns the socket");
}

Weight service_listener(const Question& question, const std::string& service) {
  const auto& responder = question.facts.responder;
  if (!was_seen(responder)) return own_listener(question, service);
  if (responder->who == Responder::Who::service && responder->service == service) {
    if (responder->started_before_run && !may_be_older(question))
      return broken(fmt::format("the {} that answered is older than this run", service));
    return recognised(question, responder->processes,
                      describe(*responder) + " answered" + chain_words(question.facts, service));
  }
  if (responder->expected_service != service) return own_listener(question, service);
  if (!is_attached(question.facts, service)) return broken(describe(*responder) + " answered instead");
  return may_be_older(question) ? recognised(question, responder->processes, describe(*responder) + " answered")
                                : own_listener(question, service);
}

Weight port_listener(const Question& question) {
  const auto& responder = question.facts.responder;
  const std::string port = std::to_string(question.setting("port").as_int());
  if (const auto own = own_listeners(question.facts, port); !own.empty())
    return recognised(question, own, describe(own.front()) + " listened there");
  if (!was_seen(responder) || port_of(responder->peer) != port || responder->processes.empty())
    return unseen("who owns this port was not seen");
  if (responder->started_before_run && !may_be_older(question))
    return broken(describe(responder->processes.front()) + " is older than this run");
  return recognised(question, responder->processes, describe(responder->processes.front()) + " owns the socket");
}

Weight listener(const Question& question) {
  const Value& service = question.setting("svc");
  if (!service.is_null()) return service_listener(question, service.as_string());
  if (!question.setting("port").is_null()) return port_listener(question);
  if (!was_seen(question.facts.responder)) return unseen("who answered was not seen");
  return recognised(question, question.facts.responder->processes, describe(*question.facts.responder) + " answered");
}
std::string listener_text(const Value& settings) {
  if (!settings["svc"].is_null()) return fmt::format("service {} answered", settings["svc"].as_string());
  if (!settings["port"].is_null()) return fmt::format("the owner of port {}", settings["port"].as_int());
  return fmt::format("{} owns the socket that answered", settings["exe"].as_string());
}

// ---- engine: the program behind an address

const std::vector<SeenProcess>* owners(const Facts& facts, const std::string& at) {
  const auto& responder = facts.responder;
  if (was_seen(responder) && !responder->processes.empty() &&
      (responder->service == at || same_endpoint(responder->peer, at)))
    return &responder->processes;
  const SeenService* seen = find_service(facts, at);
  return seen == nullptr || seen->listeners.empty() ? nullptr : &seen->listeners;
}

/// A process that hands connections on (a pooler, a port forwarder) is another program and no substitute; neither is
/// one that this run did not start and so cannot know. Only a program of the run itself with nothing behind it
/// contradicts the claim.
bool is_substitute(const Facts& facts, const std::string& at) {
  const SeenService* seen = find_service(facts, at);
  return seen != nullptr && seen->started_by_us && seen->connected_to.empty();
}

Weight engine(const Question& question) {
  if (auto silent = engine_untouched(question)) return *std::move(silent);
  const std::string& at = question.setting("at").as_string();
  const Answering answering = who_answers(question, at);
  const auto* known = owners(question.facts, at);
  const auto& processes = known != nullptr ? *known : answering.processes;
  if (processes.empty()) return unseen("who owns the socket there was not seen");
  switch (same_program(processes, question.obligation, "kind")) {
    case Same::yes:
      return held(describe(processes.front()) + " owns the socket");
    case Same::no:
      break;
    case Same::alike:
      return unseen(describe(processes.front()) + " has the name, but is another file than the one found here");
    case Same::unresolved:
      return unseen("no program of this engine was found on this machine to compare with");
  }
  const std::string other = describe(processes.front()) + " owns the socket";
  const bool substitute =
      known != nullptr ? is_substitute(question.facts, at) : answering.own && !answering.asks_others;
  return substitute ? broken(other, "R6") : unseen(other + "; it may hand connections on");
}
std::string engine_text(const Value& settings) {
  return fmt::format("{} is {}", settings["at"].as_string(), settings["kind"].as_string());
}

constexpr std::array<ObligationRow, 4> kRows = {{{"connect", &connect, &connect_text, true},
                                                 {"listener", &listener, &listener_text, false},
                                                 {"service", &service_did, &service_text, true},
                                                 {"engine", &engine, &engine_text, false}}};
}  // namespace

std::span<const ObligationRow> socket_obligations() {
  return kRows;
}
}  // namespace mccoy::judge
