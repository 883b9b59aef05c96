#include "probes/chaos/chronicle.hpp"

#include <algorithm>

#include "harness/base/launch.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/gates.hpp"

namespace mccoy::chaos {
namespace {
constexpr std::int64_t kSpan_ns = 100'000'000;
constexpr std::size_t kMostSpans = 360'000, kWhyBytes = 300;
constexpr std::size_t kSamples = 512;  ///< latencies of a span that its median comes from
}  // namespace

Chronicle::Chronicle() : begin_(Clock::now()), begin_monotonic_(monotonic_ns()) {}

std::int64_t Chronicle::since_begin(Instant moment) const {
  return std::max<std::int64_t>(Duration(moment - begin_).count(), 1);
}

std::int64_t Chronicle::of_monotonic(std::int64_t moment) const {
  return moment == 0 ? 0 : std::max<std::int64_t>(moment - begin_monotonic_, 1);
}

void Chronicle::add(std::int64_t at, const Value& line) {
  const std::lock_guard lock(mutex_);
  lines_.emplace_back(at, to_json(line));
}

void Chronicle::phase(std::string_view name) {
  const std::int64_t at = now();
  add(at, Value::map({{"at", at}, {"what", "phase"}, {"name", name}}));
}

void Chronicle::asked(const std::string& name, std::string_view role, const Neighbours::Answer& answer) {
  const std::int64_t at = since_begin(answer.began);
  Value line = Value::map({{"at", at}, {"what", "asked"}, {"case", name}, {"role", role}});
  line.set("attempt", answer.attempt).set("outcome", answer.outcome).set("took", answer.took.count());
  if (!answer.why.empty()) line.set("why", visible_line(answer.why, kWhyBytes));
  add(at, line);
}

void Chronicle::fault(std::size_t index, std::string_view event, std::int64_t at, std::string_view text) {
  if (event == "inject") {
    const std::lock_guard lock(mutex_);
    if (first_inject_ == 0) first_inject_ = at;
  }
  Value line = Value::map({{"at", at}, {"what", "fault"}, {"fault", index}, {"event", event}});
  if (!text.empty()) line.set("text", visible_line(text, 2 * kWhyBytes));
  add(at, line);
}

void Chronicle::service(const std::string& name, std::string_view last_words) {
  const std::int64_t at = now();
  add(at, Value::map({{"at", at}, {"what", "service"}, {"name", name}, {"text", visible_line(last_words, kWhyBytes)}}));
}

void Chronicle::traffic(std::int64_t at, End how, Duration took) {
  const std::lock_guard lock(mutex_);
  count(at, how, took);
}

void Chronicle::never_answered(std::int64_t sent, Duration patience) {
  const std::lock_guard lock(mutex_);
  const bool under_way = sent < first_inject_ && first_inject_ - sent < patience.count();
  count(under_way ? first_inject_ : sent, End::lost, patience);
}

void Chronicle::count(std::int64_t at, End how, Duration took) {
  const auto index = static_cast<std::size_t>(std::max<std::int64_t>(at, 0) / kSpan_ns);
  if (index >= kMostSpans) {
    ++left_out_;
    return;
  }
  if (spans_.size() <= index) spans_.resize(index + 1);
  Span& span = spans_[index];
  ++(how == End::ok ? span.ok : how == End::error ? span.errors : span.lost);
  if (how != End::ok) {
    span.first_failed = span.first_failed == 0 ? at : std::min(span.first_failed, at);
    span.last_failed = std::max(span.last_failed, at);
    return;
  }
  span.longest_ns = std::max<std::int64_t>(span.longest_ns, took.count());
  if (span.took_us.size() < kSamples)
    span.took_us.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(took.count() / 1000, 0, UINT32_MAX)));
}

void Chronicle::add_traffic() {
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    Span& span = spans_[i];
    if (span.ok + span.errors + span.lost == 0) continue;
    const auto at = static_cast<std::int64_t>(i) * kSpan_ns;
    Value line = Value::map({{"at", at}, {"what", "traffic"}, {"span", kSpan_ns}, {"ok", span.ok}});
    line.set("errors", span.errors).set("lost", span.lost);
    if (span.errors + span.lost > 0) line.set("first_failed", span.first_failed).set("last_failed", span.last_failed);
    if (!span.took_us.empty()) {
      std::ranges::sort(span.took_us);
      line.set("p50", std::int64_t{span.took_us[span.took_us.size() / 2]} * 1000);
      line.set("max", span.longest_ns);
    }
    lines_.emplace_back(at, to_json(line));
  }
  const auto end = static_cast<std::int64_t>(kMostSpans) * kSpan_ns;
  if (left_out_ > 0)
    lines_.emplace_back(end, to_json(Value::map({{"at", end}, {"what", "left-out"}, {"requests", left_out_}})));
  spans_.clear();
}

Output Chronicle::take() {
  const std::lock_guard lock(mutex_);
  add_traffic();
  std::ranges::stable_sort(lines_, {}, &std::pair<std::int64_t, std::string>::first);
  std::string text;
  for (const auto& [at, line] : lines_) text.append(line).append("\n");
  return judge::whole_text(std::move(text));
}
}  // namespace mccoy::chaos
