#include "harness/target/service_log.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/file.hpp"

namespace mccoy::target {
namespace {
struct Folder {
  TempDir dir = TempDir::make("/tmp", "mccoy-test-").value();
  std::string path = dir.path() + "/log";
  std::string content() const { return read_file(path, 64 << 20).value(); }
};

BOOST_AUTO_TEST_SUITE(service_log)

BOOST_AUTO_TEST_CASE(a_short_log_is_kept_as_it_is) {
  const Folder folder;
  auto log = ServiceLog::open(folder.path).value();
  log.add("one\n");
  BOOST_TEST(folder.content() == "one\n");  // at once: it can be read while the service runs
  log.add(std::string("two\0\n", 5));
  log.finish();
  log.finish();
  BOOST_TEST(folder.content() == std::string("one\ntwo\0\n", 9));
  BOOST_TEST(log.bytes() == 9);
  BOOST_TEST(log.dropped() == 0);
}

BOOST_AUTO_TEST_CASE(a_log_up_to_both_limits_loses_nothing) {
  const Folder folder;
  auto log = ServiceLog::open(folder.path).value();
  std::string all;
  for (std::size_t i = 0; all.size() < static_cast<std::size_t>(kLogHead) + kLogTail; ++i)
    all += std::to_string(i) + "\n";
  all.resize(static_cast<std::size_t>(kLogHead) + kLogTail);
  for (std::size_t at = 0; at < all.size(); at += 70'001) log.add(std::string_view(all).substr(at, 70'001));
  log.finish();
  BOOST_TEST((folder.content() == all));
  BOOST_TEST(log.dropped() == 0);
}

BOOST_AUTO_TEST_CASE(the_middle_of_a_long_log_is_left_out_and_counted) {
  const Folder folder;
  auto log = ServiceLog::open(folder.path).value();
  const std::string part(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) log.add(part);
  log.add("the end\n");
  log.finish();
  const auto content = folder.content();
  const auto note = "\n[mccoy: " + std::to_string(log.dropped()) + " bytes left out here]\n";
  BOOST_TEST(content.find(note) == static_cast<std::size_t>(kLogHead));
  BOOST_TEST(content.ends_with("the end\n"));
  BOOST_TEST(static_cast<std::int64_t>(content.size() - note.size()) + log.dropped() == log.bytes());
}

BOOST_AUTO_TEST_CASE(a_full_disk_does_not_stop_the_log) {
  auto log = ServiceLog::open("/dev/full").value();
  log.add("lost\n");
  log.finish();
  BOOST_TEST(log.bytes() == 5);
  BOOST_TEST(log.dropped() == 5);
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_made_is_an_error) {
  BOOST_TEST(!ServiceLog::open("/no/such/folder/log").ok());
}

BOOST_AUTO_TEST_CASE(recent_bytes_are_the_last_ones) {
  RecentBytes recent(4);
  for (const auto* part : {"ab", "cd", "ef", "ghi", "j"}) recent.add(part);
  BOOST_TEST(recent.last(4) == "ghij");
  BOOST_TEST(recent.last(2) == "ij");
  recent.add("klmnopq");
  BOOST_TEST(recent.last(100) == "nopq");
  BOOST_TEST(recent.dropped() == 13);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::target
