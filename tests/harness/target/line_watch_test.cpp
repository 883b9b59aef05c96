#include "harness/target/line_watch.hpp"

#include <poll.h>

#include <boost/test/unit_test.hpp>

namespace mccoy::target {
namespace {
bool readable(int fd) {
  pollfd waited{fd, POLLIN, 0};
  return ::poll(&waited, 1, 0) > 0;
}

BOOST_AUTO_TEST_SUITE(line_watch)

BOOST_AUTO_TEST_CASE(a_line_in_pieces_is_one_line) {
  const auto watch = LineWatch::make("^ready now$").value();
  for (const auto* part : {"not ", "yet\nrea", "dy n", "ow"}) watch->add(part, false);
  BOOST_TEST(!watch->seen());
  BOOST_TEST(!readable(watch->fd()));
  watch->add("\r\nmore\n", false);
  BOOST_TEST(watch->seen());
  BOOST_TEST(readable(watch->fd()));
}

BOOST_AUTO_TEST_CASE(the_streams_are_not_mixed) {
  const auto watch = LineWatch::make("^ready$").value();
  watch->add("rea", false);
  watch->add("error\n", true);
  watch->add("dy\n", false);
  BOOST_TEST(watch->seen());
}

BOOST_AUTO_TEST_CASE(a_line_without_end_takes_no_memory_without_end) {
  const auto watch = LineWatch::make("x$").value();
  for (int i = 0; i < 100; ++i) watch->add(std::string(1 << 20, 'y'), false);
  watch->add("x\n", false);
  BOOST_TEST(!watch->seen());
  watch->add("x\n", false);
  BOOST_TEST(watch->seen());
}

BOOST_AUTO_TEST_CASE(a_bad_pattern_is_an_error) {
  BOOST_TEST(!LineWatch::make("(").ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::target
