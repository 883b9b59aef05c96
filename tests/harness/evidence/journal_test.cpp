#include "harness/evidence/journal.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "harness/base/digest.hpp"
#include "tests/harness/evidence/scratch.hpp"

namespace mccoy::evidence {
BOOST_AUTO_TEST_SUITE(journal)

BOOST_AUTO_TEST_CASE(what_was_appended_is_read_back_in_order) {
  const Scratch scratch;
  const std::string path = scratch.path("journal.jsonl");
  auto journal = Journal::create(path).value();
  BOOST_TEST(journal.append("open", Value::map({{"format", 1}}), Durable::yes).ok());
  BOOST_TEST(journal.append("note", Value::map({{"text", "a\nb\"c\\ ü \x01"}}), Durable::no).ok());
  BOOST_TEST(journal.append("close", Value::map({{"reason", "finished"}}), Durable::yes).ok());
  std::vector<Record> records;
  const auto reading = read_journal(path, [&](const Record& record) { records.push_back(record); }).value();
  BOOST_TEST((reading.state == JournalState::complete));
  BOOST_TEST(reading.records == 3);
  BOOST_TEST(reading.why == "");
  BOOST_TEST(reading.valid_bytes == reading.file_bytes);
  BOOST_TEST(reading.head == journal.head());
  BOOST_REQUIRE(records.size() == 3);
  BOOST_TEST(records[0].type == "open");
  BOOST_TEST(records[1].body["text"].as_string() == "a\nb\"c\\ ü \x01");
  BOOST_TEST(records[2].seq == 3);
  BOOST_TEST(records[2].mono_us >= records[0].mono_us);
  BOOST_TEST(records[0].wall_ms > 1'700'000'000'000);
}

BOOST_AUTO_TEST_CASE(every_line_can_be_checked_with_sha256sum) {
  const Scratch scratch;
  write_journal(scratch.path("j"), 5, true);
  std::string prev(64, '0');
  for (const std::string& line : lines_of(bytes_of(scratch.path("j")))) {
    const std::size_t cut = line.rfind(",\"hash\":\"");
    const std::string hash = sha256(line.substr(0, cut));
    BOOST_TEST(line.substr(cut) == ",\"hash\":\"" + hash + "\"}\n");
    const auto value = from_json(line.substr(0, line.size() - 1)).value();
    BOOST_TEST(value["prev"].as_string() == prev);
    BOOST_TEST(value["hash"].as_string() == hash);
    prev = hash;
  }
}

BOOST_AUTO_TEST_CASE(what_the_writer_counted_is_what_the_reader_finds) {
  const Scratch scratch;
  auto journal = Journal::create(scratch.path("j")).value();
  for (int i = 0; i < 20; ++i) BOOST_TEST(journal.append("note", Value::map({{"i", i}}), Durable::no).ok());
  const auto written = journal.extent();
  const auto found = read(scratch.path("j"));
  BOOST_TEST(written.records == found.records);
  BOOST_TEST(written.bytes == found.file_bytes);
  BOOST_TEST(written.head == found.head);
  BOOST_TEST(written.root == found.root);
  BOOST_TEST(written.sha256 == found.sha256);
  BOOST_TEST(written.sha256 == sha256_file(scratch.path("j")).value());
}

BOOST_AUTO_TEST_CASE(an_existing_file_or_link_is_never_written_into) {
  const Scratch scratch;
  put_bytes(scratch.path("there"), "precious");
  BOOST_TEST(!Journal::create(scratch.path("there")).ok());
  BOOST_TEST(bytes_of(scratch.path("there")) == "precious");
  BOOST_REQUIRE(::symlink(scratch.path("nowhere").c_str(), scratch.path("link").c_str()) == 0);
  BOOST_TEST(!Journal::create(scratch.path("link")).ok());
  BOOST_TEST(::access(scratch.path("nowhere").c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(a_journal_is_private_to_its_owner) {
  const Scratch scratch;
  write_journal(scratch.path("j"), 1, false);
  struct stat status {};
  BOOST_REQUIRE(::stat(scratch.path("j").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0600);
}

BOOST_AUTO_TEST_CASE(nothing_can_be_appended_after_the_close_record) {
  const Scratch scratch;
  auto journal = Journal::create(scratch.path("j")).value();
  BOOST_TEST(journal.append("close", Value::map(), Durable::yes).ok());
  BOOST_TEST(!journal.append("note", Value::map(), Durable::no).ok());
  BOOST_TEST(!journal.failed());
  BOOST_TEST((read(scratch.path("j")).state == JournalState::complete));
}

BOOST_AUTO_TEST_CASE(a_body_nested_too_deep_or_not_utf8_can_still_be_read_back) {
  const Scratch scratch;
  auto journal = Journal::create(scratch.path("j")).value();
  Value deep = Value::list();
  for (int i = 0; i < 200; ++i) deep = Value(Value::List{std::move(deep)});
  BOOST_TEST(journal.append("note", std::move(deep), Durable::no).ok());
  BOOST_TEST(journal.append("note", Value("\xff\xfe\0x"), Durable::no).ok());
  BOOST_TEST((read(scratch.path("j")).state == JournalState::incomplete));
  BOOST_TEST(read(scratch.path("j")).records == 2);
}

BOOST_AUTO_TEST_CASE(threads_that_append_at_once_leave_one_whole_chain) {
  constexpr int kThreads = 8, kEach = 400;
  const Scratch scratch;
  auto journal = Journal::create(scratch.path("j")).value();
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto durable = i % 10 == 0 ? Durable::yes : i % 3 == 0 ? Durable::soon : Durable::no;
        if (!journal.append("note", Value::map({{"thread", t}, {"i", i}}), durable).ok()) ++refused;
      }
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(refused == 0);
  std::vector<std::int64_t> next(kThreads, 0);
  bool ordered = true;
  const auto reading = read_journal(scratch.path("j"), [&](const Record& record) {
                         auto& expected = next[static_cast<std::size_t>(record.body["thread"].as_int())];
                         ordered = ordered && record.body["i"].as_int() == expected++;
                       }).value();
  BOOST_TEST(reading.records == kThreads * kEach);
  BOOST_TEST((reading.state == JournalState::incomplete));
  BOOST_TEST(ordered);
}

BOOST_AUTO_TEST_CASE(what_records_refer_to_is_made_durable_first_and_its_failure_is_the_journals) {
  const Scratch scratch;
  auto journal = Journal::create(scratch.path("j")).value();
  int calls = 0;
  journal.before_sync([&]() -> Status {
    ++calls;
    if (calls < 2) return {};
    return Error{.what = "the disk is gone"};
  });
  BOOST_TEST(journal.append("note", Value::map(), Durable::no).ok());
  BOOST_TEST(calls == 0);
  BOOST_TEST(journal.append("note", Value::map(), Durable::yes).ok());
  const auto lost = journal.append("note", Value::map(), Durable::yes);
  BOOST_REQUIRE(!lost.ok());
  BOOST_TEST(lost.error().what.find("the disk is gone") != std::string::npos);
  BOOST_TEST(journal.failed());
  BOOST_TEST(!journal.append("note", Value::map(), Durable::no).ok());
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(a_record_that_is_wanted_soon_gets_to_the_disk_by_itself) {
  const Scratch scratch;
  std::promise<void> synced;
  auto journal = Journal::create(scratch.path("j")).value();
  journal.before_sync([&]() -> Status {
    synced.set_value();
    return {};
  });
  BOOST_TEST(journal.append("note", Value::map(), Durable::soon).ok());
  BOOST_TEST((synced.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(a_failure_after_append_returned_is_the_next_calls) {
  const Scratch scratch;
  auto journal = Journal::create(scratch.path("j")).value();
  std::promise<void> may_fail;
  journal.before_sync([&, failing = may_fail.get_future().share()]() -> Status {
    failing.wait();
    return Error{.what = "the disk is gone"};
  });
  BOOST_TEST(journal.append("note", Value::map(), Durable::soon).ok());
  BOOST_TEST(journal.append("note", Value::map(), Durable::soon).ok());
  may_fail.set_value();
  const auto closed = journal.append("close", Value::map(), Durable::yes);
  BOOST_REQUIRE(!closed.ok());
  BOOST_TEST(closed.error().what.find("the disk is gone") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
