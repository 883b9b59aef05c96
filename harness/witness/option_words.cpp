#include "harness/witness/option_words.hpp"

#include <algorithm>
#include <span>

#include "harness/base/text.hpp"
#include "harness/witness/tool_names.hpp"
#include "harness/witness/usages.hpp"

namespace mccoy::witness {
namespace {
bool is_short(std::string_view word) {
  return word.size() >= 2 && word[0] == '-' && word[1] != '-';
}

/// "+nightly" in front of a subcommand of cargo is an option.
bool is_operand(std::string_view word) {
  return word == "-" || (!word.starts_with('-') && !word.starts_with('+'));
}

/// How many words of `wanted` ("a b") the operands begin with; 0 when they begin otherwise.
std::size_t words_of_subcommand(const std::string& wanted, const std::vector<std::string>& operands) {
  const auto words = split(wanted, ' ');
  if (wanted.empty() || words.size() > operands.size()) return 0;
  return std::ranges::equal(words, std::span(operands).first(words.size())) ? words.size() : 0;
}
std::size_t subcommand_length(std::string_view wanted, const std::vector<std::string>& operands) {
  std::size_t longest = 0;
  for (const std::string& one : split(wanted, '|'))
    longest = std::max(longest, words_of_subcommand(std::string(trim(one)), operands));
  return longest;
}
}  // namespace

OptionWords::OptionWords(const std::vector<std::string>& argv, const std::set<std::string>& names)
    : argv_(argv), roles_(argv.size(), Role::behind), letters_(argv.size()), behind_dashes_(argv.size()) {
  for (const Usage& usage : usages())
    if (is_any_of(usage.tools, names)) usages_.push_back(&usage);
  read();
}

void OptionWords::read() {
  for (std::size_t at = 1; at < argv_.size(); ++at) {
    if (argv_[at] == "--") {
      behind_dashes_ = at + 1;
      return;
    }
    if (is_operand(argv_[at])) {
      roles_[at] = Role::operand;
      if (operand_ends() || ends_here(argv_[at])) break;
      operands_.push_back(argv_[at]);
    } else {
      roles_[at] = Role::option;
      if (ends_here(argv_[at])) break;
      read_option(at);
    }
  }
  // What a script or a test binary gets may still be told apart by the dashes in front of it.
  const auto dashes = std::ranges::find(argv_, "--");
  if (dashes != argv_.end()) behind_dashes_ = static_cast<std::size_t>(dashes - argv_.begin()) + 1;
}

void OptionWords::read_option(std::size_t& at) {
  if (!takes_next(argv_[at], letters_[at]) || at + 1 >= argv_.size()) return;
  ++at;
  roles_[at] = Role::value;
}

/// Its last letter takes the next word ("-e", "-ave"), or the whole word does ("--exclude").
bool OptionWords::takes_next(const std::string& word, std::string& letters) const {
  bool next = false;
  std::string with_value;
  std::string attached;
  for (const Usage* usage : usages_) {
    if (!applies(*usage)) continue;
    next = next || in_words(usage->words, word);
    with_value += usage->letters;
    attached += usage->attached;
  }
  if (!is_short(word)) return next;
  for (std::size_t at = 1; at < word.size(); ++at) {
    letters += word[at];
    if (attached.find(word[at]) != std::string::npos) return next;
    if (with_value.find(word[at]) != std::string::npos) return next || at + 1 == word.size();
  }
  return next;
}

bool OptionWords::ends_here(const std::string& word) const {
  return std::ranges::any_of(usages_,
                             [&](const Usage* usage) { return in_words(usage->ends, word) && applies(*usage); });
}
bool OptionWords::operand_ends() const {
  return std::ranges::any_of(usages_, [&](const Usage* usage) {
    return usage->operand_ends && applies(*usage) &&
           subcommand_length(usage->subcommand, operands_) == operands_.size();  // none of its own yet
  });
}

bool OptionWords::applies(const Usage& usage) const {
  if (usage.in_front && !operands_.empty()) return false;
  return usage.subcommand.empty() || subcommand_length(usage.subcommand, operands_) > 0;
}

bool OptionWords::has_subcommand(std::string_view wanted) const {
  return wanted.empty() || subcommand_length(wanted, operands_) > 0;
}

std::size_t OptionWords::first_operand() const {
  return static_cast<std::size_t>(std::ranges::find(roles_, Role::operand) - roles_.begin());
}

std::string_view OptionWords::name(std::size_t at) const {
  const std::string_view word = argv_[at];
  return word.starts_with('-') ? word.substr(0, word.find('=')) : word;
}
std::string_view OptionWords::value(std::size_t at) const {
  const std::string_view word = argv_[at];
  const auto equals = word.starts_with('-') ? word.find('=') : std::string_view::npos;
  if (equals != std::string_view::npos) return word.substr(equals + 1);
  return at + 1 < argv_.size() ? std::string_view(argv_[at + 1]) : std::string_view();
}
}  // namespace mccoy::witness
