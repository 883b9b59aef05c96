// The ledger of a chaos trial, counted; declared in chaos.hpp.
#include <charconv>
#include <map>
#include <string_view>
#include <unordered_map>

#include "harness/judge/chaos.hpp"

namespace mccoy::judge {
namespace {
struct Write {
  std::int64_t sent = 0, done = 0;
  bool acknowledged = false;
  std::int64_t seen = 0;  ///< how often it was there afterwards
};
using Writes = std::unordered_map<std::string_view, Write>;

std::string_view cut(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

const Output* whole(const evidence::Observation& observation, const std::string& name, std::string& why) {
  const auto found = observation.texts.find(name);
  if (found == observation.texts.end()) {
    why = "there is no " + name;
  } else if (!found->second.whole()) {
    why = "the " + name + " is not whole";
  } else {
    return &found->second;
  }
  return nullptr;
}

/// A record that was never written was asked for, too: whoever says that it is there says so of all.
std::string strange(const Value& never_written) {
  if (never_written.is_null() || never_written["said"].as_string() == "absent") return {};
  const std::string said = never_written["said"].as_string() == "present" ? "there" : "neither there nor absent";
  return "of " + never_written["id"].as_string() + ", which was never written, it was said that it is " + said +
         ", so what was read back says nothing";
}

Writes writes_of(std::string_view text, LedgerCount& count) {
  Writes writes;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    const std::string_view id = cut(line, '\t');
    Write write{.sent = number(cut(line, '\t'))};
    write.done = number(cut(line, '\t'));
    write.acknowledged = line == "acknowledged";
    if (id.empty()) continue;
    const auto [known, is_new] = writes.try_emplace(id, write);
    if (!is_new && !known->second.acknowledged) known->second = write;
  }
  for (const auto& [id, write] : writes) ++(write.acknowledged ? count.acknowledged : count.unacknowledged);
  return writes;
}

/// Each line of a list is one record that is there. One that was acknowledged before another was sent, and stands
/// behind it, is out of order.
void look(std::string_view text, bool ordered, Writes& writes, LedgerCount& count) {
  std::int64_t latest_sent = 0;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    const std::string_view id = cut(line, '\t');
    count.each = count.each || line == "present" || line == "absent" || line == "unknown";
    const auto found = writes.find(id);
    if (found == writes.end() || line == "absent") continue;
    if (line == "unknown") {
      count.why = "it is not known of every write whether it is there";
      continue;
    }
    Write& write = found->second;
    ++write.seen;
    if (!ordered || !write.acknowledged) continue;
    if (write.done < latest_sent) ++count.out_of_order;
    latest_sent = std::max(latest_sent, write.sent);
  }
}
}  // namespace

LedgerCount count_ledger(const evidence::Observation& observation) {
  LedgerCount count;
  const Value& said = observation.values["chaos"]["ledger"];
  const Output* written = whole(observation, "ledger", count.why);
  if (written == nullptr) return count;
  Writes writes = writes_of(written->head, count);
  if (count.why = said["why"].as_string(); !count.why.empty()) return count;
  count.each = said["each"].as_bool();
  if (count.why = strange(said["never_written"]); !count.why.empty()) return count;
  const Output* there = whole(observation, "read_back", count.why);
  if (there == nullptr) return count;
  look(there->head, said["ordered"].as_bool(), writes, count);
  for (const auto& [id, write] : writes) {
    if (write.acknowledged && write.seen == 0) ++count.lost;
    if (!write.acknowledged && write.seen > 0) ++count.unacknowledged_present;
    if (write.seen > 1) ++count.duplicated;
  }
  return count;
}
}  // namespace mccoy::judge
