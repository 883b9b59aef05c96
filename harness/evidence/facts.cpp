#include "harness/evidence/facts.hpp"

#include "harness/evidence/record_map.hpp"

namespace mccoy::evidence {
namespace {
constexpr std::string_view kHow[] = {"unseen", "accepted", "listener"};
constexpr std::string_view kWho[] = {"unknown", "service", "harness", "stranger", "remote"};
constexpr std::string_view kChange[] = {"missing", "unchanged", "created", "changed"};

using evidence::to_value;  // of processes and modes, beside those below

Value to_value(const Responder& responder) {
  Writer map;
  map.put_word("how", kHow, responder.how);
  map.put_word("who", kWho, responder.who);
  map.put("service", responder.service);
  map.put("expected_service", responder.expected_service);
  map.put("started_before_run", responder.started_before_run);
  map.put_each("processes", responder.processes, to_value);
  map.put("local", responder.local);
  map.put("peer", responder.peer);
  map.put("bytes_out", responder.bytes_out);
  map.put("bytes_in", responder.bytes_in);
  map.put("requests", responder.requests);
  map.put("why_unseen", responder.why_unseen);
  return map.take();
}

Responder responder(const Value& value) {
  Responder responder;
  responder.how = word<Responder::How>(value["how"], kHow);
  responder.who = word<Responder::Who>(value["who"], kWho);
  responder.service = value["service"].as_string();
  responder.expected_service = value["expected_service"].as_string();
  responder.started_before_run = value["started_before_run"].as_bool();
  responder.processes = each(value["processes"], process_from_value);
  responder.local = value["local"].as_string();
  responder.peer = value["peer"].as_string();
  responder.bytes_out = value["bytes_out"].as_int();
  responder.bytes_in = value["bytes_in"].as_int();
  responder.requests = value["requests"].as_int();
  responder.why_unseen = value["why_unseen"].as_string();
  return responder;
}

Value to_value(const SeenFile& file) {
  Writer map;
  map.put("path", file.path);
  map.put_word("change", kChange, file.change);
  map.put("size", file.size);
  map.put("sha256", file.sha256);
  map.put("same_bytes_as", file.same_bytes_as);
  map.put("linked_from", file.linked_from);
  return map.take();
}

SeenFile file(const Value& value) {
  return {.path = value["path"].as_string(),
          .change = word<SeenFile::Change>(value["change"], kChange),
          .size = value["size"].as_int(),
          .sha256 = value["sha256"].as_string(),
          .same_bytes_as = value["same_bytes_as"].as_string(),
          .linked_from = value["linked_from"].as_string()};
}

Value to_value(const HeldFile& held) {
  Writer map;
  map.put("path", held.path);
  map.put_value("by", to_value(held.by));
  map.put("writes", held.writes);
  map.put("mapped", held.mapped);
  map.put("alone", held.alone);
  return map.take();
}

HeldFile held_file(const Value& value) {
  return {.path = value["path"].as_string(),
          .by = process_from_value(value["by"]),
          .writes = value["writes"].as_bool(),
          .mapped = value["mapped"].as_bool(),
          .alone = value["alone"].as_bool()};
}

Value to_value(const SeenService& service) {
  Writer map;
  map.put("name", service.name);
  map.put("alive", service.alive);
  map.put("started_by_us", service.started_by_us);
  map.put_each("listeners", service.listeners, to_value);
  map.put("connected_to", service.connected_to);
  if (service.activity) map.put_value("activity", to_value(*service.activity));
  map.put("files_watched", service.files_watched);
  map.put("unwatched", service.unwatched);
  map.put_each("files", service.files, to_value);
  map.put_each("held", service.held, to_value);
  return map.take();
}

SeenService service(const Value& value) {
  SeenService seen{.name = value["name"].as_string(),
                   .alive = value["alive"].as_bool(),
                   .started_by_us = value["started_by_us"].as_bool(),
                   .listeners = each(value["listeners"], process_from_value),
                   .connected_to = texts(value["connected_to"]),
                   .activity = {},
                   .files_watched = value["files_watched"].as_bool(),
                   .unwatched = value["unwatched"].as_string(),
                   .files = each(value["files"], file),
                   .held = each(value["held"], held_file)};
  if (value["activity"].is_map()) seen.activity = activity_from_value(value["activity"]);
  return seen;
}

Value to_value(const SeenLink& link) {
  Writer map;
  map.put("client", link.client);
  map.put("own", link.own);
  map.put("to_service", link.to_service);
  map.put("to_client", link.to_client);
  map.put("answered_by_proxy", link.answered_by_proxy);
  return map.take();
}

SeenLink link(const Value& value) {
  return {.client = value["client"].as_string(),
          .own = value["own"].as_string(),
          .to_service = value["to_service"].as_int(),
          .to_client = value["to_client"].as_int(),
          .answered_by_proxy = value["answered_by_proxy"].as_int()};
}

Value to_value(const SeenVia& via) {
  Writer map;
  map.put("service", via.service);
  map.put("at", via.at);
  map.put("to", via.to);
  map.put_value("answerer", to_value(via.answerer));
  map.put_each("links", via.links, to_value);
  map.put("left_out", via.left_out);
  return map.take();
}

SeenVia via(const Value& value) {
  return {.service = value["service"].as_string(),
          .at = value["at"].as_string(),
          .to = value["to"].as_string(),
          .answerer = responder(value["answerer"]),
          .links = each(value["links"], link),
          .left_out = value["left_out"].as_int()};
}

Value to_value(const TestCounts& tests) {
  Writer map;
  map.put("seen", tests.seen);
  map.put("executed", tests.executed);
  map.put("failed", tests.failed);
  map.put("skipped", tests.skipped);
  map.put("report", tests.report);
  map.put("written_in_trial", tests.written_in_trial);
  return map.take();
}

TestCounts tests(const Value& value) {
  return {.seen = value["seen"].as_bool(),
          .executed = value["executed"].as_int(),
          .failed = value["failed"].as_int(),
          .skipped = value["skipped"].as_int(),
          .report = value["report"].as_string(),
          .written_in_trial = value["written_in_trial"].as_bool()};
}

/// "complete" is always written, so that a record without it reads as incomplete.
Value to_value(const Coverage& coverage) {
  Writer map;
  map.put("observer", coverage.observer);
  map.put("watched", coverage.watched);
  map.put("blind", coverage.blind);
  map.put_value("complete", coverage.complete);
  return map.take();
}

Coverage coverage(const Value& value) {
  return {.observer = value["observer"].as_string(),
          .watched = texts(value["watched"]),
          .blind = texts(value["blind"]),
          .complete = value["complete"].as_bool()};
}

}  // namespace

Value to_value(const Facts& facts) {
  Writer map;
  if (facts.root) map.put_value("root", to_value(*facts.root));
  map.put("root_exec_seen", facts.root_exec_seen);
  if (facts.exit_code) map.put_value("exit_code", *facts.exit_code);
  map.put("signal", facts.signal);
  if (facts.responder) map.put_value("responder", to_value(*facts.responder));
  map.put_each("files", facts.files, to_value);
  map.put_each("modes", facts.modes, to_value);
  map.put_each("services", facts.services, to_value);
  map.put("services_alone", facts.services_alone);
  map.put_each("vias", facts.vias, to_value);
  if (facts.tests) map.put_value("tests", to_value(*facts.tests));
  map.put("nonce_sent", facts.nonce_sent);
  map.put("nonce_returned", facts.nonce_returned);
  map.put("wall_ns", facts.wall_ns);
  map.put("cpu_ns", facts.cpu_ns, -1);
  map.put("folder", facts.folder);
  map.put("leftovers", facts.leftovers);
  if (facts.activity) map.put_value("activity", to_value(*facts.activity));
  map.put_each("coverage", facts.coverage, to_value);
  return map.take();
}

Facts facts_from_value(const Value& value) {
  Facts facts;
  if (value["root"].is_map()) facts.root = process_from_value(value["root"]);
  facts.root_exec_seen = value["root_exec_seen"].as_bool();
  if (value["exit_code"].is_int()) facts.exit_code = static_cast<int>(value["exit_code"].as_int());
  facts.signal = value["signal"].as_string();
  if (value["responder"].is_map()) facts.responder = responder(value["responder"]);
  facts.files = each(value["files"], file);
  facts.modes = each(value["modes"], mode_from_value);
  facts.services = each(value["services"], service);
  facts.services_alone = value["services_alone"].as_bool();
  facts.vias = each(value["vias"], via);
  if (value["tests"].is_map()) facts.tests = tests(value["tests"]);
  facts.nonce_sent = value["nonce_sent"].as_bool();
  facts.nonce_returned = value["nonce_returned"].as_bool();
  facts.wall_ns = value["wall_ns"].as_int();
  facts.cpu_ns = value["cpu_ns"].as_int(-1);
  facts.folder = value["folder"].as_string();
  facts.leftovers = texts(value["leftovers"]);
  if (value["activity"].is_map()) facts.activity = activity_from_value(value["activity"]);
  facts.coverage = each(value["coverage"], coverage);
  return facts;
}
}  // namespace mccoy::evidence
