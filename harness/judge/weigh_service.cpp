// What a service did while the probe acted, by the record of its system calls in that time. A file it held open from
// before can be read and written without a call that is seen: such a file is judged by its state, or not at all.
#include "harness/judge/weigh_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "harness/base/text.hpp"
#include "harness/judge/chain.hpp"
#include "harness/judge/paths.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::HeldFile;
using evidence::SeenFile;
using evidence::SeenService;
using evidence::SeenWrite;

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> all;
  if (value.is_string()) all.push_back(value.as_string());
  for (const Value& item : value.as_list()) all.push_back(item.as_string());
  return all;
}

std::string by_whom(const Activity& activity, const std::vector<int>& programs) {
  const bool known = !programs.empty() && is_index(activity, programs.front());
  return known ? describe(program_at(activity, programs.front()).process) : "a process of it";
}

bool stays_changed(const SeenWrite& write) {
  return write.change != SeenWrite::Change::none && write.change != SeenWrite::Change::passing;
}
bool was_changed(const SeenFile& file) {
  return (file.change == SeenFile::Change::created || file.change == SeenFile::Change::changed) &&
         file.same_bytes_as.empty();
}

/// The service, its record, and the places one obligation names.
struct OfService {
  const Question& question;
  const SeenService& seen;
  const Activity& activity;
  bool is_meant(const std::string& place, const std::string& path) const {
    return judge::is_meant(place, path, question.facts.folder);
  }
  bool is_there(const std::string& place, const std::string& path) const {
    return is_meant(place, path) || is_below(place, path, question.facts.folder);
  }
  const HeldFile* held_for_writing(const std::string& path) const {
    const HeldFile* found = nullptr;
    for (const HeldFile& file : seen.held)
      if (file.writes && file.path == path && (found == nullptr || found->alone)) found = &file;
    return found;
  }
  /// Somebody else whose calls were watched opened it for writing.
  std::string written_elsewhere(const std::string& path) const {
    const auto wrote = [&](const Activity& other) {
      return std::ranges::any_of(other.writes, [&](const SeenWrite& write) { return write.path == path; });
    };
    if (question.facts.activity && wrote(*question.facts.activity)) return "the command";
    for (const SeenService& other : question.facts.services)
      if (&other != &seen && other.activity && wrote(*other.activity)) return "service " + other.name;
    return {};
  }
};

// ---- read

Weight read_one(const OfService& of, const std::string& place) {
  for (const auto& read : of.activity.reads)
    if (of.is_meant(place, read.path)) return held(by_whom(of.activity, read.by) + " opened " + read.path);
  for (const HeldFile& file : of.seen.held)
    if (of.is_meant(place, file.path))
      return unseen(
          fmt::format("{} held {} open from before the trial, and can read it unseen", describe(file.by), file.path));
  if (!of.activity.reads_complete) return unseen("it was not seen to open it, and not all opened files could be seen");
  return broken(fmt::format("it did not open {} during the trial", place));
}

// ---- write

/// A file that changed, and was not opened for writing meanwhile.
Weight changed_unopened(const OfService& of, const SeenFile& file) {
  const HeldFile* holder = of.held_for_writing(file.path);
  const std::string other = of.written_elsewhere(file.path);
  if (!other.empty()) return unseen(fmt::format("{} changed, and {} wrote it", file.path, other));
  if (holder != nullptr && !holder->alone)
    return unseen(fmt::format("{} changed, and others than {} have it open for writing", file.path, of.seen.name));
  if (holder != nullptr)
    return held(fmt::format("{} changed while {} had it open for writing, and nobody else was seen to", file.path,
                            describe(holder->by)));
  if (!of.activity.writes_complete) return unseen(file.path + " changed; not all writers could be seen");
  return broken(fmt::format("{} changed, but no process of {} opened it or had it open", file.path, of.seen.name));
}

/// Nothing that matches has changed.
Weight not_written(const OfService& of, const std::string& place) {
  for (const SeenWrite& write : of.activity.writes)
    if (of.is_meant(place, write.path) && write.change == SeenWrite::Change::passing)
      return unseen(write.path + " was made and removed again; what was in it is not known");
  for (const SeenFile& file : of.seen.files)
    if (of.is_meant(place, file.path) && !file.same_bytes_as.empty())
      return unseen(file.path + " was touched and holds the bytes of before");
  for (const HeldFile& file : of.seen.held)
    if (file.writes && file.mapped && of.is_meant(place, file.path))
      return unseen(fmt::format("{} has {} mapped, and can write it without a trace", describe(file.by), file.path));
  if (!of.activity.writes_complete) return unseen("no change of it was seen, and not all written files could be seen");
  for (const SeenFile& file : of.seen.files)
    if (of.is_meant(place, file.path)) return broken(file.path + " is as it was before the trial");
  return broken(fmt::format("it wrote no {}", place));
}

Weight write_one(const OfService& of, const std::string& place) {
  for (const SeenWrite& write : of.activity.writes)
    if (of.is_meant(place, write.path) && stays_changed(write) && write.change != SeenWrite::Change::removed)
      return held(by_whom(of.activity, write.by) + " wrote " + write.path);
  std::optional<Weight> best;
  for (const SeenFile& file : of.seen.files) {
    if (!of.is_meant(place, file.path) || !was_changed(file)) continue;
    Weight weight = changed_unopened(of, file);
    if (!best || weight.status == ObligationStatus::held ||
        (weight.status == ObligationStatus::unseen && best->status == ObligationStatus::broken))
      best = std::move(weight);
  }
  return best ? *std::move(best) : not_written(of, place);
}

// ---- nowrite

Weight nowrite_one(const OfService& of, const std::string& place) {
  for (const SeenWrite& write : of.activity.writes)
    if (stays_changed(write) && of.is_there(place, write.path))
      return broken(by_whom(of.activity, write.by) + " wrote " + write.path);
  for (const SeenFile& file : of.seen.files) {
    if (!was_changed(file) || !of.is_there(place, file.path) || of.held_for_writing(file.path) == nullptr) continue;
    Weight weight = changed_unopened(of, file);
    return weight.status == ObligationStatus::held ? broken(std::move(weight.why)) : unseen(std::move(weight.why));
  }
  for (const HeldFile& file : of.seen.held)
    if (file.writes && file.mapped && of.is_there(place, file.path))
      return unseen(fmt::format("{} has {} mapped, and can write it without a trace", describe(file.by), file.path));
  if (!of.activity.writes_complete) return unseen("not all written files could be seen");
  return held("it wrote nothing there");
}

// ---- connect

Weight sampled(const SeenService& seen, const std::string& to) {
  const bool found = std::ranges::find(seen.connected_to, to) != seen.connected_to.end();
  if (found) return held("a connection between them was open during the trial");
  return unseen("no connection between them was open when it was looked at; short ones can be missed");
}

Weight connect(const Question& question, const SeenService& seen) {
  const std::string& to = question.setting("connect").as_string();
  const Question of_all{question.obligation, question.facts, question.exit_checked, question.claim, {}};
  if (seen.activity) return conversation(of_all, *seen.activity, to);
  for (const std::string_view part : {"min_bytes_in", "min_bytes_out"})
    if (!question.setting(part).is_null()) return unseen(fmt::format("{}: {}", part, why_unwatched(seen)));
  return sampled(seen, to);
}

bool is_worse(const Weight& one, const Weight& other) {
  const auto rank = [](const Weight& weight) {
    return weight.status == ObligationStatus::broken ? 2 : weight.status == ObligationStatus::unseen ? 1 : 0;
  };
  return rank(one) > rank(other);
}

struct Part {
  std::string_view field;
  Weight (*weigh)(const OfService& of, const std::string& place);
};
constexpr std::array<Part, 3> kParts = {{{"read", &read_one}, {"write", &write_one}, {"nowrite", &nowrite_one}}};
}  // namespace

std::string why_unwatched(const SeenService& seen) {
  return seen.unwatched.empty() ? std::string(kNeedsWitness)
                                : fmt::format("the calls of {} were not watched: {}", seen.name, seen.unwatched);
}

Weight service_did(const Question& question) {
  const SeenService* seen = find_service(question.facts, question.setting("svc").as_string());
  if (seen == nullptr) return unseen("nobody looked at this service during the trial");
  std::vector<Weight> weights;
  if (!question.setting("connect").is_null()) weights.push_back(connect(question, *seen));
  for (const Part& part : kParts)
    for (const std::string& place : texts(question.setting(part.field)))
      weights.push_back(seen->activity && seen->files_watched
                            ? part.weigh({question, *seen, *seen->activity}, place)
                            : unseen(fmt::format("{}: {}", part.field, why_unwatched(*seen))));
  if (weights.empty()) return unseen("it names nothing that the service must have done");
  Weight worst = weights.front();
  std::string all;
  for (const Weight& weight : weights) {
    if (is_worse(weight, worst)) worst = weight;
    all += (all.empty() ? "" : "; ") + weight.why;
  }
  if (worst.status == ObligationStatus::held) worst.why = std::move(all);
  return worst;
}

std::string service_text(const Value& settings) {
  const std::string& name = settings["svc"].as_string();
  std::vector<std::string> parts;
  if (!settings["connect"].is_null()) parts.push_back("talked to " + settings["connect"].as_string());
  if (!settings["read"].is_null()) parts.push_back("read " + join(texts(settings["read"]), ", "));
  if (!settings["write"].is_null()) parts.push_back("wrote " + join(texts(settings["write"]), ", "));
  if (!settings["nowrite"].is_null()) parts.push_back("wrote nothing in " + join(texts(settings["nowrite"]), ", "));
  return fmt::format("service {} {}", name, parts.empty() ? "did its part" : join(parts, " and "));
}

// ---- by way of another service

std::optional<Weight> by_way_of(const Question& question, const std::string& first, const std::string& to) {
  const std::vector<Hop> hops = behind(question.facts, first);
  const auto hop = std::ranges::find_if(
      hops, [&](const Hop& each) { return (!each.to.empty() && each.to == to) || same_endpoint(each.at, to); });
  if (hop == hops.end()) return std::nullopt;
  const std::string words =
      fmt::format("by way of service {}: {} bytes out, {} bytes in", hop->from, hop->bytes_out, hop->bytes_in);
  if (!question.facts.services_alone) return unseen(words + "; other cases used it at the same time");
  const auto in = std::max<std::int64_t>(1, quantity(question.setting("min_bytes_in"), 1));
  const auto out = std::max<std::int64_t>(1, quantity(question.setting("min_bytes_out"), 1));
  if (hop->bytes_in < in || hop->bytes_out < out) return unseen(words);
  if (!question.setting("min_requests").is_null()) return unseen(words + "; single requests are not counted");
  if (!question.setting("peer_exe").is_null()) {
    const Same same = same_program(hop->processes, question.obligation, "peer_exe");
    if (same == Same::no) return broken(describe(hop->processes.front()) + " answered there, which is another program");
    if (same != Same::yes) return unseen("which program answered there could not be recognised");
  }
  return held(words);
}

std::optional<Weight> handed_nothing_on(const Question& question, const std::string& service, const std::string& to) {
  const SeenService* seen = find_service(question.facts, service);
  if (seen == nullptr || !seen->activity) return std::nullopt;
  const Question of_all{question.obligation, question.facts, question.exit_checked, question.claim, {}};
  Weight weight = conversation(of_all, *seen->activity, to);
  weight.why = fmt::format("service {} answered; of it: {}", service, weight.why);
  weight.untouched = false;
  if (weight.status == ObligationStatus::broken && !behind(question.facts, service).empty())
    return unseen(fmt::format("service {} answered{}", service, chain_words(question.facts, service)));
  const bool may_be_of_another = weight.status == ObligationStatus::held && !question.facts.services_alone;
  return may_be_of_another ? unseen(weight.why + "; other cases used it at the same time") : weight;
}
}  // namespace mccoy::judge
