#include "harness/base/file.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>

using namespace mccoy;
namespace data = boost::unit_test::data;

namespace {
struct Folder {
  TempDir dir = TempDir::make("/tmp", "mccoy-file-").value();
  std::string operator/(const std::string& name) const { return dir.path() + '/' + name; }
  std::vector<std::string> names() const { return glob(dir.path() + "/{*,.*}", "/").value(); }
};
mode_t mode_of(const std::string& path) {
  struct stat status {};
  BOOST_REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

/// A file system of 64 KiB; not mounted when we may not.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    BOOST_REQUIRE(make_dirs(path_).ok());
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool mounted_ = false;
};
}  // namespace

BOOST_AUTO_TEST_SUITE(file_suite)

BOOST_AUTO_TEST_CASE(what_was_written_is_read) {
  const Folder folder;
  const std::string bytes("a\0b\r\n\xff", 6);
  BOOST_REQUIRE(write_atomically(folder / "f", bytes).ok());
  BOOST_TEST(*read_file(folder / "f", 6) == bytes);
  BOOST_REQUIRE(write_atomically(folder / "f", "").ok());
  BOOST_TEST(read_file(folder / "f", 0)->empty());
  BOOST_TEST(folder.names().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_over_the_limit_is_an_error) {
  const Folder folder;
  BOOST_REQUIRE(write_atomically(folder / "f", std::string(200'000, 'x')).ok());
  BOOST_TEST(read_file(folder / "f", 200'000).ok());
  const auto read = read_file(folder / "f", 199'999);
  BOOST_REQUIRE(!read.ok());
  BOOST_TEST(read.error().what == folder / "f" + ": over 199999 bytes, not read further");
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_not_read) {
  const Folder folder;
  BOOST_REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  BOOST_TEST(!read_file(folder / "pipe", 10).ok());  // and does not wait for a writer
  BOOST_TEST(!read_file("/dev/zero", 10).ok());
  BOOST_TEST(read_file(folder.dir.path(), 10).error().cause.value() == EISDIR);
  BOOST_TEST(read_file(folder / "absent", 10).error().cause.value() == ENOENT);
  BOOST_TEST(read_file("/proc/self/stat", 4096).ok());
}

BOOST_AUTO_TEST_CASE(a_rewritten_file_has_the_mode_it_was_given) {
  const Folder folder;
  const mode_t old = ::umask(022);
  BOOST_REQUIRE(write_atomically(folder / "secret", "x", 0600).ok());
  BOOST_REQUIRE(write_atomically(folder / "open", "x", 0666).ok());
  BOOST_REQUIRE(write_atomically(folder / "open", "y").ok());
  ::umask(old);
  BOOST_TEST(mode_of(folder / "secret") == 0600U);
  BOOST_TEST(mode_of(folder / "open") == 0644U);
}

BOOST_AUTO_TEST_CASE(a_link_is_replaced_not_followed) {
  const Folder folder;
  BOOST_REQUIRE(write_atomically(folder / "victim", "old").ok());
  BOOST_REQUIRE(::symlink("victim", (folder / "f").c_str()) == 0);
  BOOST_REQUIRE(write_atomically(folder / "f", "new").ok());
  BOOST_TEST(*read_file(folder / "victim", 10) == "old");
  BOOST_TEST(*read_file(folder / "f", 10) == "new");
}

BOOST_AUTO_TEST_CASE(a_failed_write_leaves_the_old_file_and_nothing_else) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "f/inside").ok());
  BOOST_TEST(!write_atomically(folder / "f", "x").ok());  // a folder is in the way of the rename
  BOOST_TEST(!write_atomically(folder / "absent/f", "x").ok());
  BOOST_TEST(folder.names().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_and_leaves_nothing_behind) {
  const Folder folder;
  const SmallDisk disk(folder / "disk");
  if (!disk.mounted()) {
    BOOST_TEST_MESSAGE("skipped: only root can mount a small file system");
    return;
  }
  const std::string path = disk.path() + "/report";
  BOOST_REQUIRE(write_atomically(path, "whole").ok());
  const auto wrote = write_atomically(path, std::string(100'000, 'x'));
  BOOST_REQUIRE(!wrote.ok());
  BOOST_TEST(wrote.error().cause.value() == ENOSPC);
  BOOST_TEST(wrote.error().what.starts_with(path), wrote.error().what);
  BOOST_TEST(*read_file(path, 100) == "whole");
  BOOST_TEST(glob(disk.path() + "/{*,.*}", "/")->size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_size_limit_is_an_error_and_leaves_nothing_behind) {
  const Folder folder;
  rlimit old{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 1000, .rlim_max = old.rlim_max};
  BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto wrote = write_atomically(folder / "f", std::string(1001, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  BOOST_REQUIRE(!wrote.ok());
  BOOST_TEST(wrote.error().cause.value() == EFBIG);
  BOOST_TEST(folder.names().empty());
}

BOOST_AUTO_TEST_CASE(folders_are_made_once) {
  const Folder folder;
  BOOST_TEST(make_dirs(folder / "a/b/c").ok());
  BOOST_TEST(make_dirs(folder / "a/b/c/").ok());
  BOOST_TEST(make_dirs("/").ok());
  BOOST_REQUIRE(write_atomically(folder / "a/file", "x").ok());
  BOOST_TEST(make_dirs(folder / "a/file").error().cause.value() == ENOTDIR);
  BOOST_TEST(make_dirs(folder / "a/file/b").error().cause.value() == ENOTDIR);
}

BOOST_AUTO_TEST_CASE(a_folder_goes_away_with_its_owner) {
  std::string path, kept;
  {
    auto folder = TempDir::make("/tmp", "mccoy-file-").value();
    path = folder.path();
    BOOST_TEST(mode_of(path) == 0700U);
    BOOST_REQUIRE(make_dirs(path + "/a/b").ok());
    TempDir other;
    other = std::move(folder);
    BOOST_TEST(::access(path.c_str(), F_OK) == 0);
    auto forgotten = TempDir::make("/tmp", "mccoy-file-").value();
    kept = forgotten.keep();
  }
  BOOST_TEST(::access(path.c_str(), F_OK) != 0);
  BOOST_TEST(::access(kept.c_str(), F_OK) == 0);
  BOOST_TEST(remove_tree(kept).ok());
  BOOST_TEST(!TempDir::make("/nonexistent", "x").ok());
}

struct PathRow {
  const char *path, *folder, *name, *whole;
};
std::ostream& operator<<(std::ostream& out, const PathRow& row) {
  return out << '"' << row.path << '"';
}
const PathRow kPaths[] = {{"a", ".", "a", "/w/a"},      {"a/b", "a", "b", "/w/a/b"},
                          {"/a", "/", "a", "/a"},       {"/a/b/", "/a", "b", "/a/b"},
                          {"/", "/", "/", "/"},         {"a//b", "a", "b", "/w/a/b"},
                          {"../x", "..", "x", "/x"},    {"./a/../b", "./a/..", "b", "/w/b"},
                          {"/../..", "/..", "..", "/"}, {"a/.", "a", ".", "/w/a"}};

BOOST_DATA_TEST_CASE(paths_are_taken_apart_and_made_whole, data::make(kPaths), row) {
  BOOST_TEST(dirname(row.path) == row.folder);
  BOOST_TEST(mccoy::basename(row.path) == row.name);
  BOOST_TEST(absolute(row.path, "/w") == row.whole);
}

BOOST_AUTO_TEST_CASE(a_command_is_the_first_executable_file_of_that_name) {
  const Folder folder;
  for (const auto* name : {"a", "b", "c"}) BOOST_REQUIRE(make_dirs(folder / name).ok());
  BOOST_REQUIRE(make_dirs(folder / "a/tool").ok());  // a folder, not a program
  BOOST_REQUIRE(write_atomically(folder / "b/tool", "", 0644).ok());
  BOOST_REQUIRE(write_atomically(folder / "c/tool", "", 0755).ok());
  const std::string path = folder / "a:" + (folder / "b") + ":" + (folder / "c");
  BOOST_TEST(find_program("tool", path, "/") == folder / "c/tool");
  BOOST_TEST(find_program("tool", "a:b", folder.dir.path()).empty());
  BOOST_TEST(find_program("tool", "a:c", folder.dir.path()) == folder / "c/tool");
  BOOST_TEST(find_program("tool", ":", folder / "c") == folder / "c/tool");
  BOOST_TEST(find_program("tool", folder / "c//./", "/") == folder / "c/tool");
  BOOST_TEST(find_program("./tool", "", folder / "c") == folder / "c/tool");
  BOOST_TEST(find_program("b/tool", "", folder.dir.path()).empty());
  BOOST_TEST(find_program("", path, "/").empty());
}

/// Behind a link, ".." is the folder above where it leads to.
BOOST_AUTO_TEST_CASE(a_command_is_found_where_the_kernel_finds_it) {
  const Folder folder;
  for (const auto* name : {"deep", "deep/below", "deep/bin", "bin"}) BOOST_REQUIRE(make_dirs(folder / name).ok());
  BOOST_REQUIRE(::symlink((folder / "deep/below").c_str(), (folder / "link").c_str()) == 0);
  BOOST_REQUIRE(write_atomically(folder / "deep/bin/tool", "deep", 0755).ok());
  BOOST_REQUIRE(write_atomically(folder / "bin/tool", "other", 0755).ok());
  const std::string found = find_program("tool", folder / "link/../bin", "/");
  BOOST_TEST(read_file(found, 100).value() == "deep", found);
  BOOST_TEST(read_file(find_program("tool", "link/../bin", folder.dir.path()), 100).value() == "deep");
}

BOOST_AUTO_TEST_SUITE_END()
