#include "harness/evidence/bundle.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "tests/harness/evidence/scratch.hpp"

namespace mccoy::evidence {
BOOST_AUTO_TEST_SUITE(bundle)

BOOST_AUTO_TEST_CASE(a_sealed_bundle_is_intact) {
  const Scratch scratch;
  const auto integrity = check_integrity(sealed_bundle(scratch)).value();
  BOOST_TEST(to_text(integrity.state) == "intact");
  BOOST_TEST(integrity.problems.empty());
  BOOST_TEST(integrity.files == 4);
  BOOST_TEST(integrity.journal.records == 3);
}

BOOST_AUTO_TEST_CASE(the_seal_names_every_file_with_size_and_digest) {
  const Scratch scratch;
  const std::string folder = sealed_bundle(scratch);
  const auto seal = read_seal(folder).value();
  BOOST_TEST(seal.files.size() == 2);
  const auto reading = read(folder + "/journal.jsonl");
  BOOST_TEST(seal.journal.root == reading.root);
  BOOST_TEST(seal.journal.bytes == static_cast<std::int64_t>(bytes_of(folder + "/journal.jsonl").size()));
  for (const Seal::File& file : seal.files)
    BOOST_TEST(file.bytes == static_cast<std::int64_t>(bytes_of(folder + '/' + file.path).size()));
}

BOOST_AUTO_TEST_CASE(a_folder_with_anything_in_it_is_refused) {
  const Scratch scratch;
  const std::string folder = sealed_bundle(scratch);
  const auto again = Bundle::create(folder);
  BOOST_REQUIRE(!again.ok());
  BOOST_TEST(again.error().what.find("not empty") != std::string::npos);
  put_bytes(scratch.path("file"), "");
  BOOST_TEST(!Bundle::create(scratch.path("file")).ok());
  BOOST_TEST(!Bundle::create(scratch.path("file/below")).ok());
}

BOOST_AUTO_TEST_CASE(an_empty_folder_and_missing_parents_are_fine_and_become_private) {
  const Scratch scratch;
  BOOST_REQUIRE(::mkdir(scratch.path("empty").c_str(), 0755) == 0);
  for (const char* name : {"empty", "a/b/c"}) {
    BOOST_TEST(Bundle::create(scratch.path(name)).ok());
    struct stat status {};
    BOOST_REQUIRE(::stat(scratch.path(name).c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0700);
  }
}

BOOST_AUTO_TEST_CASE(files_are_read_only_after_the_seal) {
  const Scratch scratch;
  const std::string folder = sealed_bundle(scratch);
  for (const char* name : {"/journal.jsonl", "/seal.json"}) {
    struct stat status {};
    BOOST_REQUIRE(::stat((folder + name).c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0400);
  }
}

BOOST_AUTO_TEST_CASE(nothing_can_be_appended_after_the_seal) {
  const Scratch scratch;
  auto bundle = Bundle::create(scratch.path("b")).value();
  BOOST_TEST(bundle.seal(Value::map()).ok());
  BOOST_TEST(!bundle.journal().append("note", Value::map(), Durable::no).ok());
  BOOST_TEST(!bundle.seal(Value::map()).ok());
  BOOST_TEST(to_text(check_integrity(bundle.folder()).value().state) == "intact");
}

BOOST_AUTO_TEST_CASE(a_bundle_that_was_not_sealed_is_incomplete_and_says_why) {
  const Scratch scratch;
  auto bundle = Bundle::create(scratch.path("b")).value();
  BOOST_TEST(bundle.journal().append("note", Value::map(), Durable::yes).ok());
  BOOST_TEST(bundle.blobs().put(std::string(1000, 'x')).ok());
  auto integrity = check_integrity(bundle.folder()).value();
  BOOST_TEST(to_text(integrity.state) == "incomplete");
  BOOST_TEST(integrity.problems.size() == 2);
  // As a crash between the close record and the seal leaves it.
  BOOST_TEST(bundle.journal().append("close", Value::map(), Durable::yes).ok());
  integrity = check_integrity(bundle.folder()).value();
  BOOST_TEST(to_text(integrity.state) == "incomplete");
  BOOST_TEST(integrity.problems.size() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_bundle_is_an_error) {
  const Scratch scratch;
  BOOST_TEST(!check_integrity(scratch.path("missing")).ok());
  BOOST_REQUIRE(::mkdir(scratch.path("empty").c_str(), 0755) == 0);
  BOOST_TEST(!check_integrity(scratch.path("empty")).ok());
  put_bytes(scratch.path("file"), "");
  BOOST_TEST(!check_integrity(scratch.path("file")).ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
