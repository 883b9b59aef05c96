// mccoy verify BUNDLE: is the evidence what was sealed, and does the judgement follow from it? Nothing in the bundle is
// taken for true because it is written there; who wrote it is not known until bundles are signed.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/app.hpp"
#include "cli/suites.hpp"
#include "cli/telling.hpp"
#include "harness/base/text.hpp"
#include "harness/evidence/bundle.hpp"
#include "harness/judge/rejudge.hpp"

namespace mccoy::cli {
namespace {
using evidence::Integrity;

struct Options {
  std::string bundle;
  bool json = false;
};

struct Verified {
  Integrity integrity;
  judge::Rejudged rejudged;
  bool agrees() const { return rejudged.disagreements.empty(); }
  bool holds() const { return integrity.state == Integrity::State::intact && agrees() && rejudged.closed; }
  /// 4 when it does not verify; else what follows from the evidence, which is what the run itself returned.
  int code() const { return holds() ? judge::exit_code(rejudged.summary.verdict) : kEvidenceLost; }
};

std::string_view word_of(Integrity::State state) {
  switch (state) {
    case Integrity::State::intact:
      return "intact";
    case Integrity::State::incomplete:
      return "incomplete";
    case Integrity::State::broken:
      break;
  }
  return "broken";
}

std::string verdict_line(const Verified& verified) {
  std::string line = "integrity " + std::string(word_of(verified.integrity.state));
  if (verified.integrity.state == Integrity::State::incomplete) line += " (the run was cut off: it has no seal)";
  line += verified.agrees() ? ", judgement follows from the evidence" : ", JUDGEMENT DOES NOT FOLLOW FROM THE EVIDENCE";
  return line + ", NOT AUTHENTICATED (unsigned)";
}

void show_text(const Verified& verified) {
  const auto& journal = verified.integrity.journal;
  const Paint paint(want_colours("auto", STDOUT_FILENO));
  std::printf("%s\n", paint(verified.holds() ? Tone::good : Tone::bad, verdict_line(verified)).c_str());
  for (const auto& problem : verified.integrity.problems) std::printf("problem: %s\n", visible_line(problem).c_str());
  for (const auto& sentence : verified.rejudged.disagreements)
    std::printf("problem: %s\n", visible_line(sentence).c_str());
  std::printf("journal  %s, %lld records, root %s\n", std::string(evidence::to_text(journal.state)).c_str(),
              static_cast<long long>(journal.records), journal.root.c_str());
  std::printf("files    %lld, %s\n", static_cast<long long>(verified.integrity.files),
              human_size(verified.integrity.bytes).c_str());
  std::printf("judged   %lld of %lld planned cases, %lld checks evaluated again\n",
              static_cast<long long>(verified.rejudged.judged), static_cast<long long>(verified.rejudged.planned),
              static_cast<long long>(verified.rejudged.checks));
  for (const auto& line : tell_table(verified.rejudged.summary.totals, paint)) std::printf("%s\n", line.c_str());
  std::printf("%s\n", visible_line(verified.rejudged.summary.sentence).c_str());
}

Value strings(const std::vector<std::string>& texts) {
  Value list = Value::list();
  for (const auto& text : texts) list.push(visible_line(text));
  return list;
}

void show_json(const Options& options, const Verified& verified) {
  const auto& journal = verified.integrity.journal;
  const Value value = Value::map({{"bundle", options.bundle},
                                  {"holds", verified.holds()},
                                  {"exit", verified.code()},
                                  {"integrity", word_of(verified.integrity.state)},
                                  {"authenticated", false},
                                  {"judgement_follows", verified.agrees()},
                                  {"problems", strings(verified.integrity.problems)},
                                  {"disagreements", strings(verified.rejudged.disagreements)},
                                  {"journal", Value::map({{"state", evidence::to_text(journal.state)},
                                                          {"records", journal.records},
                                                          {"head", journal.head},
                                                          {"root", journal.root}})},
                                  {"files", verified.integrity.files},
                                  {"bytes", verified.integrity.bytes},
                                  {"planned", verified.rejudged.planned},
                                  {"judged", verified.rejudged.judged},
                                  {"verdict", judge::to_text(verified.rejudged.summary.verdict)},
                                  {"sentence", verified.rejudged.summary.sentence}});
  std::printf("%s\n", to_pretty_json(value).c_str());
}

Result<Verified> verify_bundle(const std::string& folder) {
  MCCOY_TRY(integrity, evidence::check_integrity(folder));
  MCCOY_TRY(rejudged, judge::rejudge(folder));
  return Verified{std::move(integrity), std::move(rejudged)};
}

int verify_command(const Options& options) {
  const auto verified = verify_bundle(options.bundle);
  if (!verified.ok()) {
    tell(verified.error());
    return kEvidenceLost;
  }
  options.json ? show_json(options, *verified) : show_text(*verified);
  return verified->code();
}
}  // namespace

void add_verify(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("verify", "checks kept evidence and judges it again");
  const auto options = std::make_shared<Options>();
  command->add_option("bundle", options->bundle, "folder of a run")->required()->type_name("BUNDLE");
  command->add_flag("--json", options->json, "the result as JSON on stdout");
  command->callback([&chosen, options] { chosen = [options] { return verify_command(*options); }; });
}
}  // namespace mccoy::cli
