// The evaluators of obligations, one for each kind of the contract's vocabulary. They see the facts and nothing else,
// and answer held (it was seen), broken (it was looked for where it had to be and was not there, or the opposite was
// seen) or unseen.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "harness/judge/judge.hpp"

namespace mccoy::judge {
/// One obligation before the facts of one trial.
struct Question {
  const suite::Obligation& obligation;
  const evidence::Facts& facts;
  bool exit_checked = false;    ///< a check of the case has already held the exit status against what the suite expects
  std::string_view claim = {};  ///< Terms::claim
  std::span<const suite::Obligation> contract = {};  ///< all of the case
  const Value& setting(std::string_view name) const { return obligation.settings[name]; }
};

struct Weight {
  ObligationStatus status = ObligationStatus::unseen;
  std::string why;
  std::string_view accuses = {};  ///< for broken: the rule that a contradiction of this kind belongs to
  bool untouched = false;         ///< see ObligationResult
};
Weight held(std::string why);
Weight unseen(std::string why);
Weight broken(std::string why, std::string_view accuses = {});
/// Broken: all of that kind was seen, and nothing was exchanged with what the obligation names.
Weight untouched(std::string why);

struct ObligationRow {
  std::string_view kind;
  Weight (*weigh)(const Question& question);
  std::string (*text)(const Value& settings);
  bool shows_work;  ///< see ObligationResult
};
std::span<const ObligationRow> process_obligations();    ///< exec, duration, cpu, tests
std::span<const ObligationRow> file_obligations();       ///< write, nowrite
std::span<const ObligationRow> socket_obligations();     ///< connect, listener, service, engine
std::span<const ObligationRow> unwatched_obligations();  ///< read, delegate, signal, syscall, children, overlap

// ---- shared by them

constexpr std::string_view kNeedsWitness = "this needs the system-call witness, which was not there";
/// A program by its file: digest, or device and inode where no digest is known. An interpreter is its script as well.
enum class Same : std::uint8_t {
  unresolved,
  no,
  alike,
  yes
};  ///< alike: another file of the same name; recognises and accuses nobody
Same same_program(const evidence::SeenProcess& process, const suite::Obligation& obligation, std::string_view field);
/// The best answer any of them gives.
Same same_program(const std::vector<evidence::SeenProcess>& processes, const suite::Obligation& obligation,
                  std::string_view field);
/// "pid 312 /usr/sbin/nginx"
std::string describe(const evidence::SeenProcess& process);
std::string describe(const evidence::Responder& responder);
const evidence::SeenService* find_service(const evidence::Facts& facts, std::string_view name);
/// Is there an observer of this name that saw all of it?
const evidence::Coverage* find_coverage(const evidence::Facts& facts, std::string_view observer);
/// The suite's own service, started by this run, gave the answer it was asked for.
bool answered_by_own_service(const evidence::Facts& facts);
/// A quantity as the table types it: an integer, or text with a unit. Negative when it cannot be read.
std::int64_t quantity(const Value& value, std::int64_t fallback);
}  // namespace mccoy::judge
