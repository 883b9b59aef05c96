// A file that is broken for a control is afterwards what it was, whatever the target did to it meanwhile.
#include "harness/run/breakage.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>

#include "harness/base/file.hpp"

using namespace mccoy;
namespace fs = std::filesystem;

namespace {
constexpr uid_t kNobody = 65534;
/// cap_net_bind_service, effective and permitted: struct vfs_cap_data of revision 2, little endian.
constexpr unsigned char kCapability[] = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

class Folder {
 public:
  std::string path(const std::string& name = "data") const { return dir_.path() + "/" + name; }
  std::string text() const { return read_file(path(), 1 << 20).value(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator{}));
  }
  struct stat stat() const {
    struct stat now {};
    BOOST_REQUIRE(::lstat(path().c_str(), &now) == 0);
    return now;
  }
  bool has_capability() const { return ::lgetxattr(path().c_str(), "security.capability", nullptr, 0) > 0; }

  Folder() { BOOST_REQUIRE(write_atomically(path(), "original\n", 0640).ok()); }

 private:
  TempDir dir_ = TempDir::make("/tmp", "mccoy-breakage-").value();
};

const char* const kWays[] = {"missing", "empty", "garbage"};
}  // namespace

BOOST_AUTO_TEST_SUITE(breakage)

BOOST_DATA_TEST_CASE(a_healed_file_has_its_bytes_mode_owner_times_and_attributes_back,
                     boost::unit_test::data::make(kWays), how) {
  const Folder folder;
  const std::string path = folder.path();
  const bool root = ::geteuid() == 0;
  if (root) BOOST_REQUIRE(::chown(path.c_str(), kNobody, kNobody) == 0);
  BOOST_REQUIRE(::chmod(path.c_str(), 06755) == 0);
  const bool capable = root && ::setxattr(path.c_str(), "security.capability", kCapability, sizeof kCapability, 0) == 0;
  const timespec old[] = {{1000, 0}, {2000, 5}};
  BOOST_REQUIRE(::utimensat(AT_FDCWD, path.c_str(), old, 0) == 0);
  const auto before = folder.stat();

  auto broken = run::Breakage::make(path, how);
  BOOST_REQUIRE_MESSAGE(broken.ok(), (broken.ok() ? "" : broken.error().what));
  const auto healed = broken->heal();
  BOOST_REQUIRE_MESSAGE(healed.ok(), (healed.ok() ? "" : healed.error().what));

  BOOST_TEST(folder.text() == "original\n");
  const auto now = folder.stat();
  BOOST_TEST(now.st_mode == before.st_mode);
  BOOST_TEST(now.st_uid == before.st_uid);
  BOOST_TEST(now.st_mtim.tv_sec == 2000);
  BOOST_TEST(folder.has_capability() == capable);
  BOOST_TEST(folder.entries() == 1u);
}

BOOST_DATA_TEST_CASE(a_broken_file_that_the_target_took_away_is_made_again, boost::unit_test::data::make(kWays), how) {
  const Folder folder;
  auto broken = run::Breakage::make(folder.path(), how);
  BOOST_REQUIRE(broken.ok());
  ::unlink(folder.path().c_str());
  BOOST_REQUIRE(broken->heal().ok());
  BOOST_TEST(folder.text() == "original\n");
  BOOST_TEST((folder.stat().st_mode & 07777) == 0640u);
  BOOST_TEST(folder.entries() == 1u);
}

BOOST_DATA_TEST_CASE(a_folder_in_its_place_gives_way, boost::unit_test::data::make(kWays), how) {
  const Folder folder;
  auto broken = run::Breakage::make(folder.path(), how);
  BOOST_REQUIRE(broken.ok());
  ::unlink(folder.path().c_str());
  BOOST_REQUIRE(make_dirs(folder.path() + "/inside").ok());
  BOOST_REQUIRE(broken->heal().ok());
  BOOST_TEST(folder.text() == "original\n");
}

BOOST_AUTO_TEST_CASE(nothing_is_set_aside_when_nobody_promises_to_put_it_back) {
  const Folder folder;
  const auto here = fs::current_path();
  fs::current_path(fs::path(folder.path()).parent_path());
  const auto broken = run::Breakage::make("data", "empty");  // the guardian takes no relative paths
  fs::current_path(here);
  BOOST_TEST(!broken.ok());
  BOOST_TEST(folder.text() == "original\n");
  BOOST_TEST(folder.entries() == 1u);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_put_back_is_told_with_the_place_of_the_original) {
  const Folder folder;
  auto broken = run::Breakage::make(folder.path(), "missing");
  BOOST_REQUIRE(broken.ok());
  const fs::path parent = fs::path(folder.path()).parent_path();
  fs::rename(parent, parent.string() + "-gone");
  const auto healed = broken->heal();
  fs::rename(parent.string() + "-gone", parent);
  BOOST_REQUIRE(!healed.ok());
  BOOST_TEST(healed.error().what.find("the original lies at " + folder.path()) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
