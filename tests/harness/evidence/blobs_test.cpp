#include "harness/evidence/blobs.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "harness/base/digest.hpp"
#include "tests/harness/evidence/scratch.hpp"

namespace mccoy::evidence {
BOOST_AUTO_TEST_SUITE(blobs)

BOOST_AUTO_TEST_CASE(bytes_are_found_again_by_their_digest) {
  const Scratch scratch;
  Blobs blobs(scratch.path("blobs"));
  const std::string bytes("with\0zero\xff\n", 11);
  const auto digest = blobs.put(bytes).value();
  BOOST_TEST(digest == sha256(bytes));
  BOOST_TEST(blobs.get(digest).value() == bytes);
  BOOST_TEST(bytes_of(scratch.path("blobs/" + digest.substr(0, 2) + "/" + digest)) == bytes);
  BOOST_TEST(blobs.get(blobs.put("").value()).value() == "");
}

BOOST_AUTO_TEST_CASE(the_same_bytes_twice_are_one_file_that_nobody_may_write) {
  const Scratch scratch;
  Blobs blobs(scratch.path("blobs"));
  const auto digest = blobs.put("same").value();
  struct stat first {
  }, second{};
  const std::string path = blobs.folder() + '/' + Blobs::place(digest);
  BOOST_REQUIRE(::stat(path.c_str(), &first) == 0);
  BOOST_TEST(blobs.put("same").value() == digest);
  BOOST_REQUIRE(::stat(path.c_str(), &second) == 0);
  BOOST_TEST(first.st_ino == second.st_ino);
  BOOST_TEST((first.st_mode & 0777) == 0400);
  BOOST_TEST(blobs.kept().size() == 1);
}

BOOST_AUTO_TEST_CASE(a_changed_or_missing_blob_is_an_error) {
  const Scratch scratch;
  Blobs blobs(scratch.path("blobs"));
  const auto digest = blobs.put("original").value();
  put_bytes(blobs.folder() + '/' + Blobs::place(digest), "orjginal");
  BOOST_TEST(!blobs.get(digest).ok());
  ::unlink((blobs.folder() + '/' + Blobs::place(digest)).c_str());
  BOOST_TEST(!blobs.get(digest).ok());
  BOOST_TEST(!blobs.get("../../../etc/passwd").ok());
}

BOOST_AUTO_TEST_CASE(many_threads_may_put_and_sync_at_once) {
  const Scratch scratch;
  Blobs blobs(scratch.path("blobs"));
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const auto digest = blobs.put("shared " + std::to_string((i * 7 + t) % 120));
        if (!digest.ok() || !blobs.get(*digest).ok()) ++failed;
        if (i % 25 == 0 && !blobs.sync().ok()) ++failed;
      }
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(failed == 0);
  BOOST_TEST(blobs.kept().size() == 120);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_made_loses_the_evidence_for_good) {
  const Scratch scratch;
  put_bytes(scratch.path("file"), "");
  Blobs blobs(scratch.path("file/blobs"));
  BOOST_TEST(!blobs.put("x").ok());
  BOOST_TEST(!blobs.put("y").ok());
  BOOST_TEST(!blobs.sync().ok());
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
