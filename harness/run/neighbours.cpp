#include "harness/run/neighbours.hpp"

#include <algorithm>

namespace mccoy::run {
/// Waiting for it to come true (`until`) is the asker's, who asks again.
Neighbours::Answer NeighbourTrials::ask(const std::string& name, std::string_view role, Deadline deadline) {
  const suite::Case* found = context_.suite.find_case(name);
  MCCOY_CHECK(found != nullptr);
  return try_once(*found, name, role, deadline);
}

Neighbours::Answer NeighbourTrials::run(const std::string& name, std::string_view role,
                                        std::span<const std::string> words, Deadline deadline) {
  const bool is_request = words.size() == 1 && words.front().find(' ') != std::string::npos;
  const ProbeKind* kind = context_.kinds(is_request ? "http" : "exec");
  MCCOY_CHECK(kind != nullptr);
  suite::Case made;
  made.name = name;
  made.id = asker_.id;
  made.span = asker_.span;
  made.kind = kind->schema;
  made.workspace = asker_.workspace;
  made.head = {is_request ? Value(literal(words.front())) : Value::list(), asker_.span};
  for (std::size_t i = 0; !is_request && i < words.size(); ++i) made.head.value.push(literal(words[i]));
  made.checks = {suite::Check{.subject = {.source = is_request ? "status" : "exit", .argument = {}},
                              .op = suite::Op::equals,
                              .operand = Value(is_request ? 200 : 0),
                              .span = asker_.span}};
  return try_once(made, name, role, deadline);
}

/// What stands here was expanded already.
std::string NeighbourTrials::literal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) out += '$';
    out += text[i];
  }
  return out;
}

Neighbours::Answer NeighbourTrials::try_once(suite::Case asked, const std::string& name, std::string_view role,
                                             Deadline deadline) {
  asked.within = std::min(asked.within, std::max<Duration>(deadline.left(), std::chrono::milliseconds(1)));
  const std::string phase = judge::neighbour_phase(place_.phase, place_.attempt, role, name);
  int attempt = 0;
  {
    const std::lock_guard lock(mutex_);
    attempt = ++attempts_[phase];
  }
  const Instant began = Clock::now();
  const TrialRun run = run_trial(context_, asked, {}, {phase, attempt, 1, asker_.id, true});
  Answer answer{.outcome = std::string(judge::to_text(run.outcome())),
                .why = run.why(),
                .began = began,
                .took = Clock::now() - began,
                .attempt = attempt};
  judge::Neighbour seen{
      .name = name, .role = std::string(role), .attempt = attempt, .rule = {}, .reason = {}, .services = {}};
  seen = judge::judged(std::move(seen), run.terms, run.trial);
  const std::lock_guard lock(mutex_);
  asked_.push_back(std::move(seen));
  return answer;
}

std::vector<judge::Neighbour> NeighbourTrials::take() {
  const std::lock_guard lock(mutex_);
  return std::move(asked_);
}
}  // namespace mccoy::run
