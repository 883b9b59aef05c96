#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/base/digest.hpp"
#include "harness/base/process.hpp"
#include "harness/base/random.hpp"

namespace data = boost::unit_test::data;
using namespace mccoy;

BOOST_AUTO_TEST_SUITE(output_collector)

BOOST_DATA_TEST_CASE(head_tail_and_digest_are_those_of_the_whole, data::xrange(0, 200), seed) {
  Random random(static_cast<std::uint64_t>(seed));
  const std::size_t keep = random.below(40);
  OutputCollector collector(keep);
  std::string whole;
  for (std::uint64_t parts = random.below(12); parts > 0; --parts) {
    std::string part(random.below(50), '\0');
    for (char& byte : part) byte = static_cast<char>(random.below(256));
    collector.add(part);
    whole += part;
  }
  const Output output = collector.finish();
  BOOST_TEST(output.bytes == static_cast<std::int64_t>(whole.size()));
  BOOST_TEST(output.sha256 == sha256(whole));
  BOOST_TEST(output.whole() == (whole.size() <= 2 * keep));
  if (output.whole()) {
    BOOST_TEST(output.text() == whole);
  } else {
    BOOST_TEST(output.head == whole.substr(0, keep));
    BOOST_TEST(output.tail == whole.substr(whole.size() - keep));
    BOOST_TEST(output.dropped == static_cast<std::int64_t>(whole.size() - 2 * keep));
  }
}

BOOST_AUTO_TEST_SUITE_END()
