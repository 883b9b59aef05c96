// What a crash or a hand can do to a journal, and what its reader says then.
#include <sys/resource.h>
#include <boost/test/unit_test.hpp>

#include "harness/evidence/record_line.hpp"
#include "tests/harness/evidence/scratch.hpp"
#include "tests/sanitized.hpp"

namespace mccoy::evidence {
namespace {
/// Reads these bytes as a journal.
JournalReading reading_of(const Scratch& scratch, std::string_view bytes) {
  put_bytes(scratch.path("damaged"), bytes);
  return read(scratch.path("damaged"));
}

struct Small {
  Scratch scratch;
  std::string bytes;
  std::vector<std::string> lines;
  Small() {
    write_journal(scratch.path("j"), 6, true);
    bytes = bytes_of(scratch.path("j"));
    lines = lines_of(bytes);
  }
  JournalReading with(std::string_view changed) const { return reading_of(scratch, changed); }
};

std::int64_t maximal_rss_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(journal_damage)

BOOST_FIXTURE_TEST_CASE(every_length_it_can_be_cut_to_reads_as_the_right_prefix, Small) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto kept = lines_of(bytes.substr(0, length));
    const bool at_an_end = joined(kept).size() == length;
    const auto reading = with(bytes.substr(0, length));
    BOOST_TEST_CONTEXT("cut to " << length) {
      BOOST_TEST((reading.state == (at_an_end ? JournalState::incomplete : JournalState::torn)));
      BOOST_TEST(reading.records == static_cast<std::int64_t>(kept.size()));
      BOOST_TEST(reading.valid_bytes == static_cast<std::int64_t>(joined(kept).size()));
      BOOST_TEST(reading.why.empty() == at_an_end);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_tail_of_nuls_of_any_length_is_torn, Small) {
  for (const std::size_t nuls : {1UL, 2UL, 511UL, 4096UL, 6820UL, 300'000UL, 1'000'000UL}) {
    const auto reading = with(bytes + std::string(nuls, '\0'));
    BOOST_TEST((reading.state == JournalState::torn));
    BOOST_TEST(reading.records == 7);
  }
  const auto mixed = with(bytes + "{\"seq\":8,\"t_wa" + std::string(5000, '\0'));
  BOOST_TEST((mixed.state == JournalState::torn));
}

BOOST_FIXTURE_TEST_CASE(nuls_in_the_middle_are_corrupt, Small) {
  std::string changed = lines[0] + std::string(lines[1].size(), '\0') + lines[2];
  BOOST_TEST((with(changed).state == JournalState::corrupt));
  changed = lines[0] + std::string(400'000, '\0') + lines[2];
  BOOST_TEST((with(changed).state == JournalState::corrupt));
  BOOST_TEST((with(bytes + std::string(400'000, '\0') + "x").state == JournalState::torn));
}

BOOST_FIXTURE_TEST_CASE(every_byte_that_is_changed_is_found_and_named_by_its_line, Small) {
  const Journal::Extent untouched{.records = 7, .bytes = 0, .head = read(scratch.path("j")).head};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const unsigned bit : {0U, 3U, 5U, 7U}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ (1U << bit));
      const auto reading = with(changed);
      const bool last_newline = i + 1 == bytes.size();
      if (reading.state != (last_newline ? JournalState::torn : JournalState::corrupt))
        BOOST_ERROR("byte " << i << " bit " << bit << " read as " << to_text(reading.state));
      const std::string line = "line " + std::to_string(lines_of(bytes.substr(0, i)).size() + 1) + " ";
      if (!reading.why.starts_with(line)) BOOST_ERROR("byte " << i << ": " << reading.why << " is not at " << line);
    }
  BOOST_TEST(untouched.records == read(scratch.path("j")).records);
}

BOOST_FIXTURE_TEST_CASE(records_deleted_doubled_swapped_or_inserted_are_found, Small) {
  const auto corrupt = [&](std::vector<std::string> changed, const char* what) {
    const auto reading = with(joined(changed));
    BOOST_TEST((reading.state == JournalState::corrupt), what << ": " << to_text(reading.state));
  };
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    auto changed = lines;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    corrupt(changed, "deleted");
    changed = lines;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    corrupt(changed, "doubled");
    changed = lines;
    std::swap(changed[i], changed[i + 1]);
    corrupt(changed, "swapped");
    changed = lines;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), "{}\n");
    corrupt(changed, "inserted");
  }
}

BOOST_FIXTURE_TEST_CASE(a_record_of_another_journal_does_not_fit, Small) {
  write_journal(scratch.path("other"), 6, true);
  auto changed = lines;
  changed[3] = lines_of(bytes_of(scratch.path("other")))[3];
  BOOST_TEST((with(joined(changed)).state == JournalState::corrupt));
}

BOOST_FIXTURE_TEST_CASE(a_record_after_the_close_record_is_corrupt, Small) {
  write_journal(scratch.path("longer"), 8, false);
  BOOST_TEST((with(bytes + lines_of(bytes_of(scratch.path("longer")))[7]).state == JournalState::corrupt));
  BOOST_TEST(with(bytes + "\n").why == "line 8 is not a journal record");
}

BOOST_FIXTURE_TEST_CASE(a_gigabyte_without_newline_costs_no_memory, Small) {
  const std::string path = scratch.path("huge");
  put_bytes(path, bytes + "{\"seq\":8,");
  BOOST_REQUIRE(::truncate(path.c_str(), std::int64_t{1} << 30) == 0);  // NULs behind a torn record
  const std::int64_t before = maximal_rss_kib();
  BOOST_TEST((read(path).state == JournalState::corrupt));
  put_bytes(path, bytes);
  BOOST_REQUIRE(::truncate(path.c_str(), std::int64_t{1} << 30) == 0);  // NULs only
  BOOST_TEST((read(path).state == JournalState::torn));
  BOOST_TEST((kSanitized || maximal_rss_kib() - before < 200 * 1024));
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_strict_json_is_corrupt_for_every_reader) {
  const Scratch scratch;
  for (const std::string_view body :
       {R"({"a":1,"a":2})", R"({"a":1)", "{}{}", "\"\xff\"", "1e999", R"({"\u0061":1,"a":2})"}) {
    std::string hash;
    const std::string line = record_line({1, 2, 3, "note", {}}, kNoHash, body, hash) + '\n';
    BOOST_TEST((reading_of(scratch, line).state == JournalState::corrupt), body);
    BOOST_TEST((read_journal_bytes(line, [](const Record&) {}).state == JournalState::corrupt), body);
  }
}

BOOST_AUTO_TEST_CASE(a_record_over_the_limit_is_refused_by_the_writer) {
  const Scratch scratch;
  auto journal = Journal::create(scratch.path("j")).value();
  BOOST_TEST(!journal.append("note", Value(std::string(kRecordBytesMax, 'x')), Durable::no).ok());
  BOOST_TEST(journal.failed());
  BOOST_TEST(bytes_of(scratch.path("j")).empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_plain_file_is_an_error_and_not_waited_for) {
  const Scratch scratch;
  BOOST_TEST(!read_journal(scratch.path("missing"), {}).ok());
  BOOST_REQUIRE(::mkfifo(scratch.path("pipe").c_str(), 0600) == 0);
  BOOST_TEST(!read_journal(scratch.path("pipe"), {}).ok());
  BOOST_REQUIRE(::symlink("/etc/hostname", scratch.path("link").c_str()) == 0);
  BOOST_TEST(!read_journal(scratch.path("link"), {}).ok());
  put_bytes(scratch.path("empty"), "");
  BOOST_TEST((read(scratch.path("empty")).state == JournalState::incomplete));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
