#include "harness/base/digest.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/base/file.hpp"

using namespace mccoy;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(digest_suite)

struct Row {
  std::string bytes;
  std::string_view hex;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.bytes.size() << " bytes";
}

/// FIPS 180-4 examples and the NIST byte vectors SHA256ShortMsg.
const Row kVectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
    {"\x11\xaf", "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

BOOST_DATA_TEST_CASE(published_vectors_match, data::make(kVectors), row) {
  BOOST_TEST(sha256(row.bytes) == row.hex);
}

BOOST_DATA_TEST_CASE(pieces_give_the_same_digest_as_the_whole, data::make(kVectors), row) {
  Sha256 digest;
  for (std::size_t at = 0; at < row.bytes.size(); at += 7) digest.update(std::string_view(row.bytes).substr(at, 7));
  BOOST_TEST(digest.hex() == row.hex);
}

BOOST_AUTO_TEST_CASE(a_digest_may_go_on_after_it_was_read) {
  Sha256 digest;
  digest.update("a");
  BOOST_TEST(digest.hex() == sha256("a"));
  digest.update("bc");
  Sha256 moved = std::move(digest);
  BOOST_TEST(moved.hex() == sha256("abc"));
}

BOOST_AUTO_TEST_CASE(a_file_is_digested_whole) {
  const auto folder = TempDir::make("/tmp", "mccoy-digest-");
  BOOST_REQUIRE(folder.ok());
  const std::string path = folder->path() + "/million";
  BOOST_REQUIRE(write_atomically(path, kVectors[6].bytes).ok());
  BOOST_TEST(*sha256_file(path) == kVectors[6].hex);
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_an_error) {
  BOOST_TEST(!sha256_file("/nonexistent").ok());
  BOOST_TEST(!sha256_file("/tmp").ok());
  BOOST_TEST(!sha256_file("/dev/zero").ok());
}

BOOST_AUTO_TEST_SUITE_END()
