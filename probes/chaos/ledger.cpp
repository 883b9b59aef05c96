#include "probes/chaos/ledger.hpp"

#include <fmt/format.h>

#include "harness/base/text.hpp"
#include "harness/judge/gates.hpp"

namespace mccoy::chaos {
namespace {
constexpr std::size_t kMostBytes = 60 << 20;  ///< of the ledger; the journal keeps texts up to 64 MiB whole
constexpr std::string_view kAnswers[] = {"acknowledged", "refused", "unknown"};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}
}  // namespace

LedgerBook::LedgerBook() : prefix_(fmt::format("1{:08}", wall_ms() / 10 % 100'000'000)) {}

void LedgerBook::note(std::string_view id, std::int64_t sent, std::int64_t done, Answer answer) {
  const std::lock_guard lock(mutex_);
  overflowed_ = overflowed_ || lines_.size() >= kMostBytes;
  if (overflowed_) return;
  fmt::format_to(std::back_inserter(lines_), "{}\t{}\t{}\t{}\n", id, sent, done,
                 kAnswers[static_cast<std::size_t>(answer)]);
}

Output LedgerBook::text() const {
  const std::lock_guard lock(mutex_);
  return judge::whole_text(lines_);
}

bool LedgerBook::overflowed() const {
  const std::lock_guard lock(mutex_);
  return overflowed_;
}

std::vector<std::string> LedgerBook::ids() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const std::string& line : split(lines_, '\n'))
    if (const auto tab = line.find('\t'); tab != std::string::npos) ids.push_back(line.substr(0, tab));
  return ids;
}

std::vector<std::string> with_id(std::vector<std::string> words, std::string_view id) {
  for (std::string& word : words) {
    replace_all(word, "{{id}}", id);
    replace_all(word, "{{unique}}", id);
  }
  return words;
}
}  // namespace mccoy::chaos
