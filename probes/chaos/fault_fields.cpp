// The rows of `fault`, put together from the catalogue; declared in chaos_fields.hpp.
#include <algorithm>
#include <deque>

#include "probes/chaos/chaos_fields.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;

constexpr Field kTimes[] = {
    {.name = "at",
     .type = FieldType::duration,
     .help = "When it is injected, counted from the first one; at once if not given.",
     .example = "2s"},
    {.name = "hold",
     .type = FieldType::duration,
     .help = "How long it is kept; until `hold` of the whole is over if not given.",
     .example = "1s"},
};

class Union {
 public:
  Union() {
    for (const FaultKind* kind : fault_kinds())
      rows_.push_back({.name = kind->name, .help = kind->summary, .example = "db", .fixed = true});
    rows_.insert(rows_.end(), std::begin(kTimes), std::end(kTimes));
    own_ = rows_.size();
    for (const FaultKind* kind : fault_kinds())
      for (const Field& field : kind->fields) add(*kind, field);
  }
  std::span<const Field> rows() const { return rows_; }

 private:
  /// A field of several kinds stands once, with the help of the first; so does one that is called like a kind.
  void add(const FaultKind& kind, Field field) {
    const auto kinds = rows_.begin() + static_cast<std::ptrdiff_t>(own_ - std::size(kTimes));
    if (const auto same = std::find_if(rows_.begin(), kinds, [&](const Field& row) { return row.name == field.name; });
        same != kinds) {
      same->help = keep(std::string(same->help) + "; of " + std::string(kind.name) + ": " + std::string(field.help));
      same->type = FieldType::json;
      same->fixed = false;
      return;
    }
    const auto known = std::find_if(rows_.begin() + static_cast<std::ptrdiff_t>(own_), rows_.end(),
                                    [&](const Field& row) { return row.name == field.name; });
    if (known != rows_.end()) {
      known->help = keep(std::string(kind.name) + ", " + std::string(known->help));
      if (known->type != field.type || !std::ranges::equal(known->words, field.words)) {
        known->type = FieldType::json;
        known->words = {};
      }
      return;
    }
    field.help = keep(std::string(kind.name) + ": " + std::string(field.help));
    field.required = false;
    field.fallback = {};
    rows_.push_back(field);
  }
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  std::vector<Field> rows_;
  std::size_t own_ = 0;  ///< kinds and times
  std::deque<std::string> texts_;
};
}  // namespace

std::span<const Field> fault_fields() {
  static const Union all;
  return all.rows();
}
}  // namespace mccoy::chaos
