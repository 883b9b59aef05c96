#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>

#include "harness/base/file.hpp"

using namespace mccoy;

namespace {
struct Folder {
  TempDir dir = TempDir::make("/tmp", "mccoy-tree-").value();
  std::string operator/(const std::string& name) const { return dir.path() + '/' + name; }
};
struct stat status_of(const std::string& path) {
  struct stat status {};
  BOOST_REQUIRE_MESSAGE(::lstat(path.c_str(), &status) == 0, path);
  return status;
}
bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}
void write(const std::string& path, std::string_view bytes, mode_t mode = 0644) {
  BOOST_REQUIRE(write_atomically(path, bytes).ok());
  BOOST_REQUIRE(::chmod(path.c_str(), mode) == 0);
}
/// levels folders, each in the one before; deeper than a path may be long.
void dig(const std::string& top, int levels) {
  UniqueFd at(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < levels; ++i) {
    BOOST_REQUIRE(::mkdirat(at.get(), "deeper", 0755) == 0);
    at = UniqueFd(::openat(at.get(), "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    BOOST_REQUIRE(at.get() >= 0);
  }
}
}  // namespace

BOOST_AUTO_TEST_SUITE(tree_suite)

BOOST_AUTO_TEST_CASE(a_removed_tree_leaves_what_its_links_point_to) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "outside").ok());
  write(folder / "outside/file", "x");
  BOOST_REQUIRE(make_dirs(folder / "tree/sub").ok());
  BOOST_REQUIRE(::symlink((folder / "outside").c_str(), (folder / "tree/link").c_str()) == 0);
  BOOST_REQUIRE(::symlink("/nonexistent", (folder / "tree/sub/dangling").c_str()) == 0);
  BOOST_REQUIRE(::mkfifo((folder / "tree/pipe").c_str(), 0600) == 0);
  BOOST_TEST(remove_tree(folder / "tree").ok());
  BOOST_TEST(!exists(folder / "tree"));
  BOOST_TEST(exists(folder / "outside/file"));
}

BOOST_AUTO_TEST_CASE(a_link_given_as_the_tree_is_removed_itself) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "outside/sub").ok());
  BOOST_REQUIRE(::symlink("outside", (folder / "link").c_str()) == 0);
  BOOST_TEST(remove_tree(folder / "link").ok());
  BOOST_TEST(!exists(folder / "link"));
  BOOST_TEST(exists(folder / "outside/sub"));
}

BOOST_AUTO_TEST_CASE(nothing_there_is_no_error_and_a_file_is_removed) {
  const Folder folder;
  BOOST_TEST(remove_tree(folder / "absent").ok());
  write(folder / "file", "x");
  BOOST_TEST(remove_tree(folder / "file").ok());
  BOOST_TEST(!exists(folder / "file"));
}

BOOST_AUTO_TEST_CASE(a_tree_deeper_than_descriptors_or_paths_reach_is_removed) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "tree").ok());
  dig(folder / "tree", 3000);
  const auto removed = remove_tree(folder / "tree");
  BOOST_TEST(removed.ok());
  BOOST_TEST(!exists(folder / "tree"));
}

BOOST_AUTO_TEST_CASE(a_folder_without_permissions_is_removed) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "tree/closed/sub").ok());
  BOOST_REQUIRE(::chmod((folder / "tree/closed").c_str(), 0) == 0);
  BOOST_TEST(remove_tree(folder / "tree").ok());
}

BOOST_AUTO_TEST_CASE(a_mounted_file_system_is_not_emptied) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "tree/mounted").ok());
  write(folder / "tree/file", "x");
  if (::mount("tmpfs", (folder / "tree/mounted").c_str(), "tmpfs", 0, "size=64k") != 0) {
    BOOST_TEST_MESSAGE("skipped: only root can mount");
    return;
  }
  write(folder / "tree/mounted/precious", "x");
  const auto removed = remove_tree(folder / "tree");
  const bool kept = exists(folder / "tree/mounted/precious");
  ::umount2((folder / "tree/mounted").c_str(), MNT_DETACH);
  BOOST_REQUIRE(!removed.ok());
  BOOST_TEST(removed.error().cause.value() == EBUSY);
  BOOST_TEST(kept);
  BOOST_TEST(!exists(folder / "tree/file"));  // all that can be removed is gone
}

BOOST_AUTO_TEST_CASE(a_copy_has_the_bytes_modes_times_and_links) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "from/sub/empty").ok());
  const std::string big(300'001, 'b');
  write(folder / "from/big", big, 0640);
  write(folder / "from/sub/run", "#!/bin/sh\n", 04755);
  write(folder / "from/.hidden", "h", 0400);
  BOOST_REQUIRE(::symlink("../absent", (folder / "from/sub/link").c_str()) == 0);
  BOOST_REQUIRE(::mkfifo((folder / "from/pipe").c_str(), 0600) == 0);
  const timespec past[] = {{.tv_sec = 1'000'000'000, .tv_nsec = 1}, {.tv_sec = 1'000'000'001, .tv_nsec = 123'456'789}};
  for (const auto* name : {"from/big", "from/sub/link", "from/sub/empty", "from/sub"}) {
    BOOST_REQUIRE(::utimensat(AT_FDCWD, (folder / name).c_str(), past, AT_SYMLINK_NOFOLLOW) == 0);
  }
  BOOST_REQUIRE(::chmod((folder / "from/sub").c_str(), 0555) == 0);
  BOOST_REQUIRE(copy_tree(folder / "from", folder / "to").ok());
  BOOST_TEST(*read_file(folder / "to/big", 1 << 20) == big);
  BOOST_TEST((status_of(folder / "to/big").st_mode & 07777U) == 0640U);
  BOOST_TEST((status_of(folder / "to/sub/run").st_mode & 07777U) == 0755U);  // never setuid
  BOOST_TEST((status_of(folder / "to/.hidden").st_mode & 07777U) == 0400U);
  BOOST_TEST((status_of(folder / "to/sub").st_mode & 07777U) == 0555U);
  BOOST_TEST(S_ISFIFO(status_of(folder / "to/pipe").st_mode));
  char target[64] = {};
  BOOST_TEST(::readlink((folder / "to/sub/link").c_str(), target, sizeof target - 1) == 9);
  BOOST_TEST(std::string(target) == "../absent");
  for (const auto* name : {"to/big", "to/sub/link", "to/sub/empty", "to/sub"}) {
    BOOST_TEST(status_of(folder / name).st_mtim.tv_sec == 1'000'000'001);
    BOOST_TEST(status_of(folder / name).st_mtim.tv_nsec == 123'456'789);
  }
}

BOOST_AUTO_TEST_CASE(a_device_or_socket_is_refused) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "from").ok());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (folder / "from/socket").c_str(), sizeof address.sun_path - 1);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  BOOST_REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const auto copied = copy_tree(folder / "from", folder / "to");
  BOOST_REQUIRE(!copied.ok());
  BOOST_TEST(copied.error().what == folder / "from/socket" + ": a device file or socket, not copied");
}

BOOST_AUTO_TEST_CASE(a_folder_is_not_copied_into_itself) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "from/sub").ok());
  const auto copied = copy_tree(folder / "from", folder / "from/sub/to");
  BOOST_REQUIRE(!copied.ok());
  BOOST_TEST(copied.error().what.find("into itself") != std::string::npos);
  BOOST_TEST(!copy_tree(folder / "from", folder / "from").ok());
}

BOOST_AUTO_TEST_CASE(only_an_empty_folder_may_be_in_the_way) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "from/sub").ok());
  BOOST_REQUIRE(make_dirs(folder / "empty").ok());
  BOOST_REQUIRE(make_dirs(folder / "full/x").ok());
  write(folder / "file", "x");
  BOOST_TEST(copy_tree(folder / "from", folder / "empty").ok());
  BOOST_TEST(exists(folder / "empty/sub"));
  BOOST_TEST(copy_tree(folder / "from", folder / "full").error().cause.value() == ENOTEMPTY);
  BOOST_TEST(copy_tree(folder / "from", folder / "file").error().cause.value() == ENOTDIR);
  BOOST_TEST(copy_tree(folder / "absent", folder / "to").error().cause.value() == ENOENT);
}

BOOST_AUTO_TEST_CASE(a_tree_too_deep_to_copy_is_refused) {
  const Folder folder;
  BOOST_REQUIRE(make_dirs(folder / "from").ok());
  dig(folder / "from", 250);
  BOOST_TEST(!copy_tree(folder / "from", folder / "to").ok());
}

BOOST_AUTO_TEST_SUITE_END()
