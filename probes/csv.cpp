#include "probes/csv.hpp"

#include <utility>

namespace mccoy::probes {
namespace {
using Rows = std::vector<std::vector<std::string>>;

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  Result<Rows> all() {
    Rows rows;
    while (!rest_.empty()) {
      MCCOY_TRY(row, one());
      if (!row.empty()) rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  /// Empty: an empty line.
  Result<std::vector<std::string>> one() {
    std::vector<std::string> row;
    if (ends_line()) return row;
    for (;;) {
      std::string field;
      if (rest_.starts_with('"')) {
        MCCOY_DO(quoted(field));
      } else {
        field = take(rest_.substr(0, rest_.find_first_of(",\n")).size());
        if (field.ends_with('\r') && (rest_.empty() || rest_.front() == '\n')) field.pop_back();
      }
      row.push_back(std::move(field));
      if (rest_.empty() || ends_line()) return row;
      take(1);  // the comma
    }
  }

  Status quoted(std::string& field) {
    const Span begin{.line = line_};
    take(1);
    for (;;) {
      const auto quote = rest_.find('"');
      if (quote == std::string_view::npos)
        return Error{.where = begin, .what = "the quote that begins here is never closed"};
      field += take(quote);
      take(1);
      if (!rest_.starts_with('"')) break;
      field += take(1);
    }
    if (rest_ == "\r") take(1);
    const bool ended = rest_.empty() || rest_.front() == ',' || rest_.front() == '\n' || rest_.starts_with("\r\n");
    if (!ended) return Error{.where = begin, .what = "something stands behind the closing quote of the field"};
    return {};
  }

  bool ends_line() {
    const std::size_t length = rest_.starts_with('\n') ? 1 : rest_.starts_with("\r\n") ? 2 : 0;
    take(length);
    return length > 0;
  }

  std::string take(std::size_t length) {
    std::string taken(rest_.substr(0, length));
    for (const char c : taken) line_ += c == '\n' ? 1 : 0;
    rest_.remove_prefix(length);
    return taken;
  }

  std::string_view rest_;
  int line_ = 1;
};
}  // namespace

Result<Rows> read_csv(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return Reader(text).all();
}
}  // namespace mccoy::probes
