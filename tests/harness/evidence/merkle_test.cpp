#include <boost/test/unit_test.hpp>

#include "harness/base/file.hpp"
#include "harness/base/value.hpp"
#include "harness/evidence/journal.hpp"

namespace mccoy::evidence {
namespace {
std::string unhex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(merkle)

BOOST_AUTO_TEST_CASE(roots_agree_with_the_published_vectors_of_rfc_6962) {
  const std::string path = std::string(MCCOY_SOURCE_DIR) + "/tests/golden/vectors/rfc6962-merkle.json";
  const Value vectors = from_json(read_file(path, 1 << 20).value()).value();
  const auto& leaves = vectors["leaves_hex"].as_list();
  BOOST_REQUIRE(leaves.size() == 8);
  MerkleRoot root;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    BOOST_TEST(root.hex() == vectors["roots_hex"][std::to_string(size)].as_string());
    if (size < leaves.size()) root.add(unhex(leaves[size].as_string()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
