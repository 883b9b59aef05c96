// {{…}}: what a load puts into a text anew for each request. ${…} is put in once, before the load; {{…}} while it goes
// on, so the two never meet.
//   {{unique}}         a number no other turn of this run has; the same in all steps of one turn
//   {{nonce}}          20 letters and digits nobody can know before, one per request
//   {{random}}         a number, chosen by the seed at each place; {{random 1..6}}
//   {{TABLE.COLUMN}}   a column of the data of this turn
//   {{STEP.NAME}}      what an earlier step of the same sequence captured
//   {{{{               a literal {{
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "probes/load/profile.hpp"
#include "probes/load_said.hpp"

namespace mccoy::probes {
/// How a value that is put in must be written there. line: as it is, and without a line end.
enum class Written { plain, line, json, url };

/// The data a case names, and the names that stand for it.
class LoadData {
 public:
  struct Named {
    std::string name;
    std::vector<std::string> columns;
    load::Table table;
  };
  void add(Named named) { named_.push_back(std::move(named)); }
  bool has(std::string_view name) const;
  std::vector<std::string> names() const;  ///< "data.user", …
  /// A piece for TABLE.COLUMN. Values that are written otherwise there are kept in a table of their own, with the same
  /// rows in the same order.
  ///   errors  no such table or column; a line end where there can be none
  Result<load::Piece> piece(std::string_view table, std::string_view column, Written written);
  std::vector<load::Table> take_tables() { return std::move(tables_); }

 private:
  std::size_t table_for(const Named& named, Written written);
  std::vector<Named> named_;
  std::map<std::pair<std::string, Written>, std::size_t> made_;
  std::vector<load::Table> tables_;
};
/// Reads data: CSV (the first line names the columns) or JSON (a list of objects with the same members).
///   errors  missing, over 64 MiB, no rows, rows of different lengths, a list of something else
Result<LoadData::Named> read_data(const Said& said, const std::string& folder);

/// The captured variables a step may use: "login.token" -> index.
using Captured = std::map<std::string, std::size_t, std::less<>>;

/// errors  {{ without }}, an unknown name (with did-you-mean); the place is that of the text
Result<load::Template> read_template(std::string_view text, const Said& place, Written written, LoadData& data,
                                     const Captured& captured);
}  // namespace mccoy::probes
