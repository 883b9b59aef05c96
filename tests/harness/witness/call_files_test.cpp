// Files, opened, made and moved in awkward ways: every one found, none invented.
#include <unistd.h>

#include "tests/harness/witness/watched.hpp"

namespace mccoy::test {
namespace {
bool is_root() {
  return ::geteuid() == 0;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(call_files)

BOOST_AUTO_TEST_CASE(names_are_relative_to_where_the_process_is_and_to_its_descriptors) {
  const Folder folder;
  const Activity seen = watch_all(fixture("deeds_files", {"relative"}), folder.path());
  BOOST_TEST(written_in(seen, folder.path()) ==
             (Names{"sub", "sub/deep", "sub/after-chdir", "sub/deep/by-dirfd", "sub/by-dirfd-above",
                    "sub/deep/after-fchdir", "sub/deep/by-openat2"}));
  for (const SeenWrite& write : seen.writes) BOOST_TEST(write.change == Change::created, write.path);
  BOOST_TEST(seen.writes_complete);
  BOOST_TEST(seen.reads_complete);
}

BOOST_AUTO_TEST_CASE(two_dots_behind_a_link_are_above_what_it_leads_to) {
  const Folder folder;
  const Activity seen = watch_all(fixture("deeds_files", {"above_a_link"}), folder.path());
  BOOST_TEST(has_made(seen, folder.at("far/x")));
  BOOST_TEST(has_made(seen, folder.at("far/away/z")));
  BOOST_TEST(!write_of(seen, folder.at("x")));
  BOOST_TEST((has_made(seen, folder.at("shortcut/y")) || has_made(seen, folder.at("far/away/y"))));
}

BOOST_AUTO_TEST_CASE(what_is_compared_with_an_older_file_when_it_is_whole_is_no_copy_of_it) {
  const Folder folder;
  folder.put("golden", "the same bytes");
  const auto python = [&](const std::string& text) {
    return watch_all(words({"/usr/bin/env", "python3", "-c", text}), folder.path());
  };
  const Activity honest = python(
      "with open('out', 'w') as file: file.write('the same ' + 'bytes')\nassert open('golden').read() == "
      "open('out').read()");
  BOOST_REQUIRE(write_of(honest, folder.at("out")) != nullptr);
  BOOST_TEST(write_of(honest, folder.at("out"))->same_as_read == "");
  BOOST_TEST(write_of(honest, folder.at("out"))->equal_reads.empty());
  const Activity copying = python("with open('copy', 'w') as file: file.write(open('golden').read())");
  BOOST_TEST(write_of(copying, folder.at("copy"))->same_as_read == folder.at("golden"));
}

BOOST_AUTO_TEST_CASE(who_removed_a_file_has_not_written_the_next_of_that_name) {
  const Folder folder;
  folder.put("out", "old");
  const Activity seen = watch_all(words({"/bin/sh", "-c", "rm -f out; /bin/cp /etc/hostname out"}), folder.path());
  const SeenWrite* write = write_of(seen, folder.at("out"));
  BOOST_REQUIRE(write != nullptr);
  BOOST_REQUIRE(write->by.size() == 1U);
  const std::string& writer = seen.programs[static_cast<std::size_t>(write->by[0])].process.exe;
  BOOST_TEST(writer.ends_with("/cp"));
}

BOOST_AUTO_TEST_CASE(a_nameless_file_that_gets_a_name_was_made) {
  const Folder folder;
  const Activity seen = watch_all(fixture("deeds_files", {"nameless"}), folder.path());
  BOOST_TEST(has_made(seen, folder.at("named")));
  BOOST_TEST(written_in(seen, folder.path()) == Names{"named"});
}

BOOST_AUTO_TEST_CASE(renames_links_and_removals_are_told_and_attempts_are_not) {
  const Folder folder;
  folder.put("victim", "was here");
  const Activity seen = watch_all(fixture("deeds_files", {"names"}), folder.path());
  BOOST_TEST(written_in(seen, folder.path()) ==
             (Names{"old", "new", "hard", "soft", "passing", "round", "trip", "folder", "victim"}));
  const auto change = [&](const char* name) {
    const SeenWrite* write = write_of(seen, folder.at(name));
    BOOST_REQUIRE(write != nullptr);
    return write->change;
  };
  BOOST_TEST(change("old") == Change::created);
  BOOST_TEST(write_of(seen, folder.at("old"))->renamed_from == folder.at("new"));
  BOOST_TEST(change("new") == Change::passing);
  BOOST_TEST(change("hard") == Change::created);
  BOOST_TEST(write_of(seen, folder.at("hard"))->linked_from == folder.at("old"));
  BOOST_TEST(write_of(seen, folder.at("soft"))->linked_from == "old");
  BOOST_TEST(change("passing") == Change::passing);
  BOOST_TEST(change("round") == Change::created);
  BOOST_TEST(change("trip") == Change::passing);
  BOOST_TEST(change("folder") == Change::passing);
  BOOST_TEST(change("victim") == Change::removed);
}

BOOST_AUTO_TEST_CASE(opens_that_fail_are_not_told) {
  const Folder folder;
  folder.put("exists", "text");
  folder.put("only-a-handle", "text");
  std::filesystem::create_symlink("loop", folder.at("loop"));
  std::filesystem::create_symlink("exists", folder.at("link"));
  const Activity seen = watch_all(fixture("deeds_files", {"refused"}), folder.path());
  BOOST_TEST(written_in(seen, folder.path()) == Names{});
  BOOST_TEST(read_in(seen, folder.path()) == Names{});
}

BOOST_AUTO_TEST_CASE(what_another_user_may_not_do_is_not_told) {
  if (!is_root()) return;
  const Folder folder;
  folder.put("secret", "text");
  folder.put("open", "text");
  folder.put("program", "#!/bin/sh\n");
  std::filesystem::create_directory(folder.at("closed"));
  folder.put("closed/x", "text");
  std::filesystem::permissions(folder.at("secret"), std::filesystem::perms(0600));
  std::filesystem::permissions(folder.at("closed"), std::filesystem::perms(0700));
  folder.open_to_all();
  const Activity seen = watch_all(fixture("deeds_files", {"refused_to_others"}), folder.path());
  BOOST_TEST(written_in(seen, folder.path()) == Names{});
  BOOST_TEST(read_in(seen, folder.path()) == Names{"open"});
  BOOST_TEST(executed(seen).size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_user_of_file_calls_is_the_one_that_counts) {
  if (!is_root()) return;
  const Folder folder;
  folder.put("secret", "text");
  folder.put("open", "text");
  std::filesystem::permissions(folder.at("secret"), std::filesystem::perms(0600));
  folder.open_to_all();
  const Activity seen = watch_all(fixture("deeds_files", {"fs_user"}), folder.path());
  BOOST_TEST(read_in(seen, folder.path()) == Names{"open"});
}

BOOST_AUTO_TEST_CASE(a_file_that_was_read_before_it_went_away_has_no_later_reader) {
  const Folder folder;
  folder.put("once", "text");
  const Activity seen = watch_all(sh("cat once; rm once; cat once || /bin/true"), folder.path());
  const auto read = std::ranges::find(seen.reads, folder.at("once"), &evidence::SeenRead::path);
  BOOST_REQUIRE((read != seen.reads.end()));
  BOOST_TEST(read->by.size() == 1U);
  BOOST_TEST(write_of(seen, folder.at("once"))->change == Change::removed);
}

BOOST_AUTO_TEST_CASE(a_file_opened_for_writing_and_left_alone_is_unchanged) {
  const Folder folder;
  folder.put("exists", "text");
  folder.put("exists2", "text");
  const Activity seen = watch_all(fixture("deeds_files", {"untouched"}), folder.path());
  BOOST_TEST(write_of(seen, folder.at("exists"))->change == Change::none);
  BOOST_TEST(write_of(seen, folder.at("exists2"))->change == Change::changed);
}

BOOST_AUTO_TEST_CASE(a_copy_is_told_and_a_build_is_not_one) {
  const Folder folder;
  folder.put("source", "some bytes of a file");
  const Activity copied = watch_all(fixture("deeds_files", {"copy"}), folder.path());
  BOOST_TEST(write_of(copied, folder.at("copy"))->same_as_read == folder.at("source"));
  const Activity by_cp = watch_all(sh("cp source copy2"), folder.path());
  BOOST_TEST(write_of(by_cp, folder.at("copy2"))->same_as_read == folder.at("source"));
  folder.put("main.c", "int main(void) { return 0; }\n");
  watch_all(sh("cc -o program main.c"), folder.path());
  const Activity again = watch_all(sh("cc -o program main.c"), folder.path());
  const SeenWrite* rebuilt = write_of(again, folder.at("program"));
  BOOST_REQUIRE(rebuilt != nullptr);
  BOOST_TEST(rebuilt->same_as_read.empty());
  BOOST_TEST((rebuilt->change == Change::changed || rebuilt->change == Change::created));
}

BOOST_AUTO_TEST_CASE(a_name_changed_by_another_thread_makes_nothing_up) {
  const Folder folder;
  folder.put("exists", "text");
  const Activity seen = watch_all(fixture("deeds_files", {"racing_name"}), folder.path());
  BOOST_TEST(written_in(seen, folder.path()) == Names{"exists"});
  BOOST_TEST(write_of(seen, folder.at("exists"))->change == Change::none);
}

BOOST_AUTO_TEST_CASE(files_below_another_root_are_those_of_this_machine) {
  if (!is_root()) return;
  const Folder folder;
  const Activity seen = watch_all(fixture("deeds_files", {"chroot"}), folder.path());
  BOOST_TEST(has_made(seen, folder.at("jail/etc/inside")));
  BOOST_TEST(has_read(seen, folder.at("jail/etc/inside")));
  BOOST_TEST(!has_read(seen, "/etc/passwd"));
  BOOST_TEST(!write_of(seen, "/etc/inside"));
}

BOOST_AUTO_TEST_CASE(files_in_another_mount_namespace_have_their_name_here_if_they_have_one) {
  if (!is_root()) return;
  const Folder folder;
  const Activity seen = watch_all(fixture("deeds_files", {"mount"}), folder.path());
  BOOST_TEST(has_made(seen, folder.at("seen-by-both")));
  BOOST_TEST(!write_of(seen, folder.at("covered/only-inside")));
  BOOST_TEST(!seen.writes_complete);
  BOOST_TEST(seen.notices.size() >= 2U);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
