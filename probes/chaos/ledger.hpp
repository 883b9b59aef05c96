// The ledger of a chaos trial: which writes were sent and which of them were acknowledged, and afterwards what is
// there. It counts nothing: that is the judge's (harness/judge/chaos.hpp, which tells the format).
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "harness/base/process.hpp"
#include "harness/probe.hpp"
#include "probes/chaos/chaos_ask.hpp"

namespace mccoy::chaos {
/// Thread-safe.
class LedgerBook {
 public:
  LedgerBook();
  enum class Answer { acknowledged, refused, unknown };
  /// Numbers of at most 15 digits, so that every JSON reader has them whole; those of one trial begin with nine digits
  /// that are the trial's, so that what lay there before is not taken for ours.
  const std::string& prefix() const { return prefix_; }
  std::string next_id() { return prefix_ + std::to_string(next_++); }
  void note(std::string_view id, std::int64_t sent, std::int64_t done, Answer answer);
  Output text() const;
  /// There was no room for all of them: nothing can be counted.
  bool overflowed() const;
  /// In the order in which they were noted.
  std::vector<std::string> ids() const;

 private:
  std::string prefix_;
  std::atomic<std::uint64_t> next_ = 0;
  mutable std::mutex mutex_;
  std::string lines_;
  bool overflowed_ = false;
};

/// What is there afterwards.
struct Remains {
  Output lines;         ///< the text "read_back"
  Value never_written;  ///< asked one by one: {"id", "said": present|absent|unknown} of a record that never was; else
                        ///< null
};
///   errors  it cannot be asked, or not to its end
Result<Remains> read_back(const LedgerAsk& ask, const LedgerBook& book, const Trial& trial);
/// {{id}} and {{unique}} of each word replaced.
std::vector<std::string> with_id(std::vector<std::string> words, std::string_view id);
}  // namespace mccoy::chaos
