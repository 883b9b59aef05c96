#include "harness/base/histogram.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace mccoy {
namespace {
constexpr std::string_view kMark = "hdr1";
constexpr std::size_t kBytes = Histogram::kBuckets * sizeof(std::uint64_t);
constexpr double kTwoTo64 = 18446744073709551616.0;
__extension__ using Wide = unsigned __int128;

Error malformed(std::string_view why) {
  return Error{.what = fmt::format("not a histogram: {}", why)};
}

/// Numbers and separators from the front of a text; the first mistake is kept.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }

  bool take(std::string_view word) {
    ok_ = ok_ && rest_.starts_with(word);
    if (ok_) rest_.remove_prefix(word.size());
    return ok_;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const auto length = static_cast<std::size_t>(end - rest_.data());
    ok_ = ok_ && problem == std::errc{} && (length == 1 || rest_.front() != '0');
    if (ok_) rest_.remove_prefix(length);
    return ok_ ? value : 0;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};
}  // namespace

Histogram::Histogram(const Histogram& other) {
  merge(other);
}

Histogram& Histogram::operator=(const Histogram& other) {
  if (this == &other) return *this;
  clear();
  merge(other);
  return *this;
}

/// Not from the heap: memory that was used before would have to be cleared, and so touched, as a whole.
void Histogram::reserve() {
  if (counts_) return;
  void* pages = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  MCCOY_CHECK(pages != MAP_FAILED);
  counts_.reset(static_cast<std::uint64_t*>(pages));
}

void Histogram::Free::operator()(std::uint64_t* counts) const noexcept {
  ::munmap(counts, kBytes);
}

void Histogram::merge(const Histogram& other) {
  if (other.empty()) return;
  reserve();
  for (std::size_t at = bucket_of(other.min_), last = bucket_of(other.max_); at <= last; ++at)
    if (other.counts_[at] != 0) counts_[at] += other.counts_[at];  // untouched pages stay so
  count_ += other.count_;
  sum_low_ += other.sum_low_;
  sum_high_ += other.sum_high_ + (sum_low_ < other.sum_low_ ? 1 : 0);
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  if (count_ != 0) {
    const std::size_t first = bucket_of(min_);
    std::memset(&counts_[first], 0, (bucket_of(max_) - first + 1) * sizeof(std::uint64_t));
  }
  count_ = sum_low_ = sum_high_ = max_ = 0;
  min_ = UINT64_MAX;
}

double Histogram::mean() const {
  if (count_ == 0) return 0;
  return (static_cast<double>(sum_high_) * kTwoTo64 + static_cast<double>(sum_low_)) / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double q) const {
  if (count_ == 0) return 0;
  const double exact = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_) - 1e-9);
  const auto rank = std::clamp(static_cast<std::uint64_t>(std::max(exact, 1.0)), std::uint64_t{1}, count_);
  std::uint64_t seen = 0;
  for (std::size_t at = bucket_of(min_);; ++at) {
    seen += counts_[at];
    if (seen >= rank) return std::min(highest(at), max_);
  }
}

std::uint64_t Histogram::count_up_to(std::uint64_t value_ns) const {
  std::uint64_t seen = 0;
  each([&](std::uint64_t, std::uint64_t high, std::uint64_t count) {
    if (std::min(high, max_) <= value_ns) seen += count;
  });
  return seen;
}

std::string Histogram::text() const {
  if (count_ == 0) return fmt::format("{} 0", kMark);
  std::string out = fmt::format("{} {} {} {} {} {}", kMark, count_, sum_high_, sum_low_, min_, max_);
  std::size_t before = 0;
  each([&](std::uint64_t low, std::uint64_t, std::uint64_t count) {
    const std::size_t at = bucket_of(low);
    fmt::format_to(std::back_inserter(out), " {}:{}", at - before, count);
    before = at;
  });
  return out;
}

Result<Histogram> Histogram::parse(std::string_view text) {
  Scanner in(text);
  Histogram result;
  in.take(kMark);
  in.take(" ");
  const std::uint64_t count = in.number();
  if (in.ok() && count == 0) return in.done() ? Result<Histogram>(std::move(result)) : malformed("more than none");
  std::uint64_t head[4] = {};  // sum_high sum_low min max
  for (auto& field : head) in.take(" "), field = in.number();
  if (!in.ok() || head[2] > head[3] || head[3] > kHighest) return malformed("its first fields");
  result.reserve();
  std::size_t at = 0;
  std::uint64_t total = 0;
  Wide least = 0, most = 0;
  for (bool first = true; in.ok() && !in.done(); first = false) {
    in.take(" ");
    const std::uint64_t step = in.number();
    in.take(":");
    const std::uint64_t times = in.number();
    if (!in.ok() || (step == 0 && !first) || step >= kBuckets - at || times == 0) return malformed("a bucket");
    at += step;
    if (first && at != bucket_of(head[2])) return malformed("the least is not in the first bucket");
    if (times > count - total) return malformed("more values in the buckets than counted");
    total += times;
    result.counts_[at] = times;
    least += Wide{lowest(at)} * times;
    most += Wide{highest(at)} * times;
  }
  if (!in.ok() || total != count) return malformed("buckets that do not add up");
  if (at != bucket_of(head[3])) return malformed("the greatest is not in the last bucket");
  const Wide sum = (Wide{head[0]} << 64) | head[1];
  if (sum < least || sum > most) return malformed("a sum its buckets cannot have");
  result.count_ = count;
  result.sum_high_ = head[0], result.sum_low_ = head[1];
  result.min_ = head[2], result.max_ = head[3];
  return result;
}

bool operator==(const Histogram& a, const Histogram& b) {
  if (a.count_ != b.count_ || a.sum_low_ != b.sum_low_ || a.sum_high_ != b.sum_high_ || a.min_ != b.min_ ||
      a.max_ != b.max_)
    return false;
  if (a.count_ == 0) return true;
  const std::size_t first = Histogram::bucket_of(a.min_), last = Histogram::bucket_of(a.max_);
  return std::equal(&a.counts_[first], &a.counts_[last] + 1, &b.counts_[first]);
}
}  // namespace mccoy
