// The calls that a suite may state are calls that the witness can count.
#include <boost/test/unit_test.hpp>

#include "harness/suite/contract.hpp"
#include "harness/witness/call_table.hpp"

BOOST_AUTO_TEST_SUITE(counted_calls)

BOOST_AUTO_TEST_CASE(every_call_that_a_suite_may_state_can_be_counted) {
  for (const std::string_view call : mccoy::suite::countable_calls())
    BOOST_TEST(mccoy::witness::is_countable(call), call);
}

BOOST_AUTO_TEST_SUITE_END()
