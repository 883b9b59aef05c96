// Evidence made by hand for the tests of the judge: an honest command and an honest server, to be changed one fact at a
// time.
#pragma once
#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/judge/judge.hpp"

namespace mccoy::judge {
inline std::ostream& operator<<(std::ostream& out, Outcome outcome) {
  return out << to_text(outcome);
}
inline std::ostream& operator<<(std::ostream& out, Provenance provenance) {
  return out << to_text(provenance);
}
inline std::ostream& operator<<(std::ostream& out, Strength strength) {
  return out << to_text(strength);
}
inline std::ostream& operator<<(std::ostream& out, ChallengeStatus status) {
  return out << to_text(status);
}
inline std::ostream& operator<<(std::ostream& out, ChallengeClass cls) {
  return out << to_text(cls);
}
inline std::ostream& operator<<(std::ostream& out, ObligationStatus status) {
  return out << to_text(status);
}
inline std::ostream& operator<<(std::ostream& out, Verdict verdict) {
  return out << to_text(verdict);
}
inline std::ostream& operator<<(std::ostream& out, Held held) {
  return out << static_cast<int>(held);
}

namespace made {
constexpr std::string_view kPriceDigest = "aa11", kServerDigest = "bb22", kOtherDigest = "cc33";

inline suite::Obligation obligation(std::string_view kind, Value settings, bool stated = true) {
  const auto kinds = suite::obligation_kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& item) { return item.name == kind; });
  suite::Obligation made;
  made.kind = &*found;
  made.settings = std::move(settings);
  made.stated = stated;
  return made;
}

inline Value file(std::string_view path, std::string_view digest, int inode) {
  return Value::map({{"path", path}, {"device", "8"}, {"inode", std::to_string(inode)}, {"sha256", digest}});
}
inline Value resolved(std::string_view field, std::string_view name, Value candidate) {
  Value list = Value::list();
  if (!candidate.is_null()) list.push(std::move(candidate));
  return Value::map({{std::string(field).c_str(), name}, {"resolved", std::move(list)}});
}
inline Value price_program() {
  return resolved("exe", "./price", file("/srv/price", kPriceDigest, 11));
}

inline evidence::SeenProcess process(std::string exe, std::string_view digest, std::uint64_t inode) {
  evidence::SeenProcess seen;
  seen.id = {312, 5};
  seen.exe = std::move(exe);
  seen.exe_sha256 = digest;
  seen.device = 8;
  seen.inode = inode;
  seen.argv = {"x", "--input", "1"};
  return seen;
}

inline CheckResult check(Held held, std::string subject = "exit") {
  CheckResult result;
  result.held = held;
  result.subject = std::move(subject);
  result.expected = "equals 0";
  result.actual = "0";
  return result;
}

/// `./price` ran, ended with 0 and passed its check. Nothing is stated: the kind's default obligation only.
inline CaseEvidence command() {
  CaseEvidence made;
  made.terms.case_id = "shop/price";
  made.terms.kind = "exec";
  made.terms.contract = {obligation("exec", price_program(), false)};
  Trial trial;
  trial.checks = {check(Held::yes)};
  trial.facts.root = process("/srv/price", kPriceDigest, 11);
  trial.facts.root_exec_seen = true;
  trial.facts.exit_code = 0;
  trial.facts.wall_ns = 40'000'000;
  trial.facts.cpu_ns = 30'000'000;
  trial.facts.coverage = {{.observer = "processes", .watched = {}, .blind = {}, .complete = true}};
  made.attempts = {trial};
  return made;
}

/// The service `orders` of the suite answered; the defaults of http, nothing stated.
inline CaseEvidence request() {
  CaseEvidence made;
  made.terms.case_id = "shop/healthy";
  made.terms.kind = "http";
  made.terms.contract = {
      obligation("listener", Value::map({{"svc", "orders"}}), false),
      obligation("connect", Value::map({{"to", "orders"}, {"min_bytes_in", 1}, {"min_bytes_out", 1}}), false)};
  Trial trial;
  trial.checks = {check(Held::yes, "status")};
  evidence::Responder responder;
  responder.how = evidence::Responder::How::accepted;
  responder.who = evidence::Responder::Who::service;
  responder.service = responder.expected_service = "orders";
  responder.processes = {process("/srv/orders", kServerDigest, 22)};
  responder.local = "127.0.0.1:40001";
  responder.peer = "127.0.0.1:8080";
  responder.bytes_in = 200;
  responder.bytes_out = 100;
  responder.requests = 1;
  trial.facts.responder = responder;
  evidence::SeenService service;
  service.name = "orders";
  service.alive = service.started_by_us = true;
  service.listeners = responder.processes;
  trial.facts.services = {service};
  trial.facts.coverage = {{.observer = "sockets", .watched = {}, .blind = {}, .complete = true}};
  made.attempts = {trial};
  return made;
}

inline evidence::Facts& facts(CaseEvidence& made) {
  return made.attempts.back().facts;
}
inline CaseEvidence stating(CaseEvidence made, std::vector<suite::Obligation> contract) {
  made.terms.contract = std::move(contract);
  return made;
}

inline ChallengeRecord challenge(ChallengeClass cls, suite::Expected expected, std::vector<Outcome> outcomes) {
  ChallengeRecord record;
  record.name = "challenge";
  record.cls = cls;
  record.expected = expected;
  record.broke = "stopped service db";
  record.perturbation_seen = record.repeat_green = true;
  record.outcomes = std::move(outcomes);
  record.outcome_whys.assign(record.outcomes.size(), "");
  return record;
}
inline ChallengeRecord control(Outcome outcome, std::string group = {}) {
  ChallengeRecord record = challenge(ChallengeClass::control, suite::Expected::fail, {outcome});
  record.name = "broken " + group;
  record.group = std::move(group);
  return record;
}
inline ChallengeRecord stopped(std::string service, Outcome outcome = Outcome::fail) {
  ChallengeRecord record = control(outcome);
  record.broke = "stopped service " + service;
  record.stopped = std::move(service);
  return record;
}
inline ChallengeRecord oracle(bool agrees, Outcome outcome = Outcome::pass) {
  ChallengeRecord record = challenge(ChallengeClass::sensitivity, suite::Expected::pass, {outcome});
  record.name = "fresh input";
  record.oracle_agrees = agrees;
  return record;
}
inline ChallengeRecord vary(suite::Relation relation, std::vector<Value> outputs,
                            std::vector<Value> inputs = {100, 200, 400}) {
  ChallengeRecord record = challenge(ChallengeClass::sensitivity, suite::Expected::pass,
                                     std::vector<Outcome>(outputs.size(), Outcome::pass));
  record.name = "varied";
  record.relation = relation;
  record.inputs = std::move(inputs);
  record.outputs = std::move(outputs);
  return record;
}
inline ChallengeRecord bound_wall(std::int64_t at_least, std::int64_t seen) {
  ChallengeRecord record = challenge(ChallengeClass::bound_wall, suite::Expected::any, {Outcome::pass});
  record.wall_at_least = at_least;
  record.wall = seen;
  return record;
}
inline ChallengeRecord bound_cpu(std::int64_t at_least, std::int64_t seen) {
  ChallengeRecord record = challenge(ChallengeClass::bound_cpu, suite::Expected::any, {Outcome::pass});
  record.cpu_at_least = at_least;
  record.cpu = seen;
  return record;
}
inline CaseEvidence challenged(CaseEvidence made, std::vector<ChallengeRecord> records) {
  made.challenges = std::move(records);
  return made;
}

using Change = evidence::SeenFile::Change;
inline evidence::SeenFile seen_file(Change change, std::string path = "dist/app.js") {
  evidence::SeenFile file;
  file.path = std::move(path);
  file.change = change;
  file.size = 10;
  file.sha256 = "dd44";
  return file;
}
/// A command that states what it writes; `files` are as they were found afterwards.
inline CaseEvidence writer(std::vector<evidence::SeenFile> files,
                           Value write = Value::map({{"path", "dist/app.js"}, {"derived", true}})) {
  CaseEvidence made = stating(command(), {obligation("write", std::move(write))});
  facts(made).files = std::move(files);
  facts(made).coverage.push_back({.observer = "files", .watched = {}, .blind = {}, .complete = true});
  return made;
}
inline CaseEvidence with_mode(CaseEvidence made, evidence::DeclaredMode::Kind kind, std::string flag,
                              std::string where = "argv") {
  facts(made).modes = {{.kind = kind, .flag = std::move(flag), .where = std::move(where)}};
  return made;
}

inline CaseEvidence changed(CaseEvidence made, void (*change)(evidence::Facts&)) {
  change(facts(made));
  return made;
}
inline CaseEvidence stated_command(Value settings) {
  return stating(command(), {obligation("exec", std::move(settings))});
}
inline CaseEvidence ended(CaseEvidence made, Held held, std::string subject = "exit") {
  made.attempts.back().checks = {check(held, std::move(subject))};
  return made;
}
inline CaseEvidence tested(evidence::TestCounts counts) {
  CaseEvidence made =
      stating(command(), {obligation("exec", price_program()), obligation("tests", Value::map({{"min_executed", 1}}))});
  counts.seen = true;
  counts.report = "junit.xml";
  facts(made).tests = counts;
  return made;
}
inline CaseEvidence engine(std::string exe, std::string_view digest, bool stated_service = true) {
  Value settings = resolved("kind", "postgres", file("/usr/lib/postgresql/15/bin/postgres", "ee55", 55));
  settings.set("at", "orders");
  CaseEvidence made = request();
  made.terms.contract.push_back(obligation("engine", std::move(settings)));
  facts(made).responder->processes = {process(std::move(exe), digest, 77)};
  facts(made).services[0].listeners = facts(made).responder->processes;
  facts(made).services[0].started_by_us = stated_service;
  return made;
}
inline CaseEvidence answered(evidence::Responder::Who who, bool older = false) {
  CaseEvidence made = request();
  facts(made).responder->who = who;
  facts(made).responder->started_before_run = older;
  if (who != evidence::Responder::Who::service) facts(made).responder->service.clear();
  return made;
}
inline evidence::SeenFile renamed() {
  auto file = seen_file(Change::created);
  file.linked_from = "golden/app.js";
  return file;
}
inline evidence::SeenFile same_bytes() {
  auto file = seen_file(Change::created);
  file.same_bytes_as = "golden/app.js";
  return file;
}

}  // namespace made
}  // namespace mccoy::judge
