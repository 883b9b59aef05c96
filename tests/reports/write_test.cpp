#include "reports/write.hpp"

#include <sys/stat.h>

#include "tests/reports/checked.hpp"

namespace mccoy::reports {
namespace {
std::string content(const std::string& path) {
  return read_file(path, 1 << 30).value();
}
bool there(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

/// A report of so many parts.
template <int parts>
Result<ReportFiles> in_parts(const run::RunView&, std::string_view) {
  ReportFiles files;
  for (int i = 1; i <= parts; ++i)
    files.emplace_back(i == 1 ? "" : "-" + std::to_string(i), "mccoy." + std::to_string(i));
  return files;
}
template <int parts>
constexpr ReportKind kParts{"parts", "", nullptr, in_parts<parts>};
}  // namespace

BOOST_AUTO_TEST_SUITE(write)

BOOST_AUTO_TEST_CASE(parts_are_numbered_before_the_extension) {
  BOOST_TEST(part_path("out/j.xml", "-2") == "out/j-2.xml");
  BOOST_TEST(part_path("out.d/j", "-2") == "out.d/j-2");
  BOOST_TEST(part_path(".hidden", "-2") == ".hidden-2");
  BOOST_TEST(part_path("a.b/.hidden", "-2") == "a.b/.hidden-2");
  BOOST_TEST(part_path("j.xml", "") == "j.xml");
}

BOOST_AUTO_TEST_CASE(folders_are_made_and_the_report_is_readable) {
  const run::SampleRun sample(run::Cases{});
  const std::string path = sample.beside("a/b/report.xml");
  BOOST_TEST(write_report(kParts<2>, {}, "", path).ok());
  BOOST_TEST(content(path) == "mccoy.1");
  BOOST_TEST(content(sample.beside("a/b/report-2.xml")) == "mccoy.2");
  struct stat status {};
  BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0444) == 0444);
}

BOOST_AUTO_TEST_CASE(parts_of_an_older_report_do_not_stay_and_files_of_others_do) {
  const run::SampleRun sample(run::Cases{});
  const std::string path = sample.beside("r.xml");
  BOOST_TEST(write_report(kParts<4>, {}, "", path).ok());
  run::must(write_atomically(sample.beside("r-4.xml"), "somebody else's"));
  BOOST_TEST(write_report(kParts<1>, {}, "", path).ok());
  BOOST_TEST(content(path) == "mccoy.1");
  BOOST_TEST(!there(sample.beside("r-2.xml")));
  BOOST_TEST(!there(sample.beside("r-3.xml")));
  BOOST_TEST(content(sample.beside("r-4.xml")) == "somebody else's");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_an_error) {
  const run::SampleRun sample(run::Cases{});
  run::must(write_atomically(sample.beside("file"), ""));
  BOOST_TEST(!write_report(kParts<1>, {}, "", sample.beside("file/r.xml")).ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::reports
