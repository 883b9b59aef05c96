// mccoy undo: puts right what a run that was killed, together with its guardian, could not. Reads the records of the
// promises (harness/base/undo_record.hpp) and carries them out, latest first. Doing it twice does no harm.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/app.hpp"
#include "cli/suites.hpp"
#include "harness/base/text.hpp"
#include "harness/base/undo_record.hpp"

#include <unistd.h>

namespace mccoy::cli {
namespace {
/// A guardian whose mccoy is gone heals by itself: it is given that time.
constexpr std::chrono::seconds kGuardianPatience{8};
constexpr std::chrono::milliseconds kBetweenLooks{20};

struct Options {
  bool list = false, force = false, json = false;
};

enum class State { running, healing, left, void_by_reboot };

struct Found {
  UndoRecord record;
  State state = State::left;
};

std::string_view in_words(State state) {
  switch (state) {
    case State::running:
      return "held by a running mccoy";
    case State::healing:
      return "its guardian is still at work";
    case State::void_by_reboot:
      return "gone with the last start of the machine";
    case State::left:
      break;
  }
  return "left behind";
}

State state_of(const UndoRecord& record) {
  if (record.boot_id != boot_id()) return outlives_reboot(record.order.what) ? State::left : State::void_by_reboot;
  if (lives(record.mccoy)) return State::running;
  return lives(record.guardian) ? State::healing : State::left;
}

struct Records {
  std::vector<Found> found;  ///< latest first
  std::vector<Error> unreadable;
};

Records read_all() {
  Records all;
  const auto paths = undo_records();
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    auto record = read_undo_record(*path);
    if (record.ok())
      all.found.push_back({*record, state_of(*record)});
    else if (::access(path->c_str(), F_OK) == 0)  // else it was undone at this very moment
      all.unreadable.push_back(std::move(record).error());
  }
  return all;
}

Records read_when_guardians_are_done() {
  const auto deadline = Deadline::in(kGuardianPatience);
  for (;;) {
    Records all = read_all();
    if (std::ranges::none_of(all.found, [](const Found& one) { return one.state == State::healing; }) ||
        deadline.passed())
      return all;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

struct Deed {
  const Found* found;
  bool tried = false, done = false;
  std::string why;  ///< it was not done
};

Deed undo(const Found& found, bool force) {
  const bool wanted = force || found.state == State::left || found.state == State::void_by_reboot;
  Deed deed{&found, wanted, false, ""};
  if (!wanted) {
    deed.why = std::string(in_words(found.state)) + " (process " + std::to_string(found.record.mccoy.pid) + ")";
    return deed;
  }
  const Status status = found.state == State::void_by_reboot ? Status() : carry_out(found.record.order);
  deed.done = status.ok();
  if (deed.done)
    ::unlink(found.record.path.c_str());
  else
    deed.why = status.error().what;
  return deed;
}

std::string told(const UndoRecord& record) {
  const std::string& because = record.order.because;
  return in_words(record.order) + (because.empty() ? "" : " (" + because + ")");
}

void show(const Deed& deed) {
  const auto& record = deed.found->record;
  const char* const how = deed.done ? "undone  " : deed.tried ? "FAILED  " : "refused ";
  std::printf("%s %s\n", how, visible_line(told(record)).c_str());
  if (deed.done) return;
  std::printf("         %s\n", visible_line(deed.why).c_str());
  std::printf("         by hand: %s\n", visible_line(by_hand(record.order)).c_str());
}

int list(const Options& options) {
  const Records all = read_all();
  Value rows = Value::list();
  for (const auto& [record, state] : all.found) {
    rows.push(Value::map({{"record", record.path}, {"state", in_words(state)}, {"order", to_value(record.order)}}));
    if (options.json) continue;
    std::printf("%s  %s: %s\n", rfc3339(record.wall_ms).c_str(), visible_line(told(record)).c_str(),
                std::string(in_words(state)).c_str());
    std::printf("    by hand: %s\n    record:  %s\n", visible_line(by_hand(record.order)).c_str(),
                visible_line(record.path).c_str());
  }
  if (options.json) std::printf("%s\n", to_pretty_json(rows).c_str());
  if (all.found.empty() && !options.json) std::printf("nothing is left to be undone\n");
  for (const auto& error : all.unreadable) tell(error);
  return all.unreadable.empty() ? 0 : kUnknown;
}

Value to_value(const Deed& deed) {
  Value value = Value::map({{"record", deed.found->record.path},
                            {"what", told(deed.found->record)},
                            {"undone", deed.done},
                            {"by_hand", by_hand(deed.found->record.order)}});
  if (!deed.why.empty()) value.set("why", deed.why);
  return value;
}

int undo_command(const Options& options) {
  if (options.list) return list(options);
  const Records all = read_when_guardians_are_done();
  bool whole = all.unreadable.empty();
  Value rows = Value::list();
  for (const auto& found : all.found) {
    const Deed deed = undo(found, options.force);
    whole = whole && deed.done;
    options.json ? void(rows.push(to_value(deed))) : show(deed);
  }
  if (options.json) std::printf("%s\n", to_pretty_json(rows).c_str());
  if (all.found.empty() && !options.json) std::printf("nothing is left to be undone\n");
  for (const auto& error : all.unreadable) tell(error);
  return whole ? 0 : kUnknown;
}
}  // namespace

void add_undo(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("undo", "undoes what a run left behind that was killed with its guardian");
  const auto options = std::make_shared<Options>();
  command->add_flag("--list", options->list, "only shows what there is to undo");
  command->add_flag("--force", options->force, "also what belongs to a mccoy that is still running");
  command->add_flag("--json", options->json, "as JSON on stdout");
  command->footer("Exit codes: 0 nothing is left to be undone; 2 something could not be undone or was refused.");
  command->callback([&chosen, options] { chosen = [options] { return undo_command(*options); }; });
}
}  // namespace mccoy::cli
