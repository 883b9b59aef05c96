#include "harness/base/mask.hpp"

#include <algorithm>
#include <atomic>
#include <unordered_set>

#include "harness/base/pattern_set.hpp"
#include "harness/base/repeated.hpp"
#include "harness/base/secret_forms.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
constexpr std::size_t kShortestLine = 8;  ///< of a secret with several lines

std::string_view without_line_end(std::string_view value) {
  while (value.ends_with('\n') || value.ends_with('\r')) value.remove_suffix(1);
  return value;
}

/// The value, and its lines: a log may put something in front of each. A PEM file's first and last line is no secret.
std::vector<std::string> parts_of(std::string_view value) {
  std::vector<std::string> parts{std::string(value)};
  if (value.find('\n') == std::string_view::npos) return parts;
  for (const auto& line : split(value, '\n')) {
    const auto part = trim(line);
    if (part.size() >= kShortestLine && !part.starts_with("-----")) parts.emplace_back(part);
  }
  return parts;
}

/// In this map or one within it.
bool repeats_a_key(const Value& value) {
  std::vector<std::string_view> keys;
  for (const auto& [key, member] : value.as_map()) {
    if (repeats_a_key(member)) return true;
    keys.push_back(key);
  }
  return any_twice(keys) || std::ranges::any_of(value.as_list(), repeats_a_key);
}
}  // namespace

struct Masker::Known {
  std::vector<std::string> names;
  std::vector<std::string> labels;
  std::vector<std::atomic<std::uint64_t>> counts;
  PatternSet patterns;

  explicit Known(const std::vector<Secret>& secrets) : counts(secrets.size()) {
    for (const auto& secret : secrets) {
      for (const auto& part : parts_of(without_line_end(secret.value))) {
        for (const auto& form : secret_forms(part)) patterns.add(form, names.size());
      }
      names.push_back(secret.name);
      labels.push_back(label_for(secret.name, secrets));
    }
    patterns.link();
  }

  /// A label must not tell what it hides, as it would for a secret that is part of a name.
  static std::string label_for(const std::string& name, const std::vector<Secret>& secrets) {
    std::string label = "[masked " + name + "]";
    const bool tells = std::ranges::any_of(secrets, [&label](const Secret& secret) {
      return label.find(without_line_end(secret.value)) != std::string::npos;
    });
    return tells ? "[***]" : label;
  }
};

Masker::Masker(const std::vector<Secret>& secrets, Checked) : known_(std::make_shared<Known>(secrets)) {}

Result<Masker> Masker::make(const std::vector<Secret>& secrets) {
  for (const auto& secret : secrets) {
    if (without_line_end(secret.value).size() >= kShortestSecret) continue;
    return Error{.what = "the secret " + visible_line(secret.name) + " is too short to be masked safely",
                 .hint = "a secret needs four bytes or more"};
  }
  return Masker(secrets, Checked{});
}

std::string Masker::mask(std::string_view bytes) const {
  if (!known_->patterns.occurs_in(bytes)) return std::string(bytes);
  MaskStream whole = stream();
  std::string out = whole.feed(bytes);
  return out + whole.finish();
}

Value Masker::mask_value(const Value& value) const {
  return has_nothing_to_mask(value) ? value : mask_inside(value);
}

bool Masker::has_nothing_to_mask(const Value& value) const {
  return known_->patterns.empty() && !repeats_a_key(value);
}

Value Masker::mask_inside(const Value& value) const {
  if (value.is_string()) return mask(value.as_string());
  if (value.is_number()) {
    const std::string digits = to_json(value);
    std::string masked = mask(digits);
    return masked == digits ? value : Value(std::move(masked));
  }
  if (value.is_map()) return mask_map(value.as_map());
  if (!value.is_list()) return value;
  Value::List items;
  for (const Value& item : value.as_list()) items.push_back(mask_inside(item));
  return items;
}

Value Masker::mask_map(const Value::Map& members) const {
  Value::Map out;
  std::unordered_set<std::string> taken;
  for (const auto& [key, member] : members) {
    const std::string masked = mask(key);
    std::string name = masked;
    for (int copy = 2; !taken.insert(name).second; ++copy) name = masked + ' ' + std::to_string(copy);
    out.emplace_back(std::move(name), mask_inside(member));
  }
  return out;
}

MaskStream Masker::stream() const {
  return MaskStream(known_);
}

std::vector<std::pair<std::string, std::uint64_t>> Masker::counts() const {
  std::vector<std::pair<std::string, std::uint64_t>> counts;
  for (std::size_t i = 0; i < known_->names.size(); ++i)
    counts.emplace_back(known_->names[i], known_->counts[i].load());
  return counts;
}

std::string MaskStream::feed(std::string_view chunk) {
  if (known_->patterns.empty()) return std::string(chunk);
  held_ += chunk;
  for (const char c : chunk) {
    state_ = known_->patterns.step(state_, static_cast<unsigned char>(c));
    ++read_;
    const auto& find = known_->patterns.find(state_);
    if (find.owner != PatternSet::kNone) found({read_ - find.length, read_, find.owner, {find.owner}});
  }
  std::string out;
  write_until(read_ - known_->patterns.pending(state_), out);  // what comes later begins behind this
  return out;
}

std::string MaskStream::finish() {
  std::string out;
  write_until(read_, out);
  *this = MaskStream(known_);
  return out;
}

/// Joined with the runs it overlaps; the one that begins first, then the longest, gives its name.
void MaskStream::found(Run run) {
  while (!runs_.empty() && runs_.back().end > run.begin) {
    Run& before = runs_.back();
    if (before.begin < run.begin) run.label = before.label;
    run.begin = std::min(run.begin, before.begin);
    run.secrets.insert(run.secrets.end(), before.secrets.begin(), before.secrets.end());
    runs_.pop_back();
  }
  std::ranges::sort(run.secrets);
  run.secrets.erase(std::unique(run.secrets.begin(), run.secrets.end()), run.secrets.end());
  runs_.push_back(std::move(run));
}

void MaskStream::count(const Run& run) {
  for (const auto secret : run.secrets) {
    if (std::ranges::count(last_.secrets, secret) == 0) ++known_->counts[secret];
  }
}

void MaskStream::write_until(std::uint64_t safe, std::string& out) {
  std::size_t done = 0;
  for (; done < runs_.size() && runs_[done].begin < safe; ++done) {
    Run& run = runs_[done];
    write_plain(run.begin, out);
    if (run.begin >= last_.end) {
      last_.secrets.clear();
      out += known_->labels[run.label];
    }
    count(run);
    last_.end = std::max(last_.end, run.end);
    last_.secrets.insert(last_.secrets.end(), run.secrets.begin(), run.secrets.end());
  }
  runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(done));
  write_plain(safe, out);
  held_.erase(0, written_ - held_from_);
  held_from_ = written_;
}

/// Up to `end`, without what the last run hides.
void MaskStream::write_plain(std::uint64_t end, std::string& out) {
  const std::uint64_t begin = std::max(written_, last_.end);
  if (end > begin) out.append(held_, begin - held_from_, end - begin);
  written_ = std::max(written_, end);
}
}  // namespace mccoy
