// The same command below the witness and below strace: both must tell the same story.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <fstream>
#include <regex>

#include "tests/harness/witness/watched.hpp"

namespace mccoy::test {
namespace {
/// What either reader found; paths with links resolved and the folder of the run written as "@".
struct Story {
  std::multiset<std::string> programs;  ///< argv[0]
  Names read, touched;
  std::multiset<std::string> connects;  ///< "inet", "inet6", "unix"
};

std::string plain(std::string path, const std::string& folder) {
  static const std::regex kTemporary("/cc[A-Za-z0-9]{6}");
  if (path.starts_with("/proc/")) return {};
  std::error_code ignored;
  const auto parent = std::filesystem::weakly_canonical(std::filesystem::path(path).parent_path(), ignored);
  path = (parent / std::filesystem::path(path).filename()).string();
  if (path.starts_with(folder)) path = "@" + path.substr(folder.size());
  return std::regex_replace(path, kTemporary, "/cc*");
}
std::string resolved(const std::string& path, const std::string& folder) {
  std::error_code ignored;
  const auto real = std::filesystem::canonical(path, ignored);
  return plain(ignored ? path : real.string(), folder);
}

Story told_by_witness(const Activity& activity, const std::string& folder) {
  Story story;
  for (const SeenProgram& program : activity.programs)
    if (!program.forked) story.programs.insert(program.process.argv.at(0));
  for (const auto& read : activity.reads) story.read.insert(resolved(read.path, folder));
  for (const SeenWrite& write : activity.writes)
    if (const std::string path = plain(write.path, folder); path.starts_with("@")) story.touched.insert(path);
  for (const SeenConnection& connection : activity.connections)
    for (int i = 0; i < connection.tried; ++i)
      story.connects.insert(connection.protocol == "unix" ? "unix" : connection.to.starts_with("[") ? "inet6" : "inet");
  return story;
}

/// One thread's log of `strace -ff -y`.
class Log {
 public:
  Log(Story& story, const std::string& folder) : story_(story), folder_(folder) {}
  void take(const std::string& line) {
    static const std::regex kOpened(R"(^(?:open|openat|openat2|creat)\(.*\)\s+= \d+<([^>]*)>.*$)");
    static const std::regex kExecuted(R"re(^execve(?:at)?\(.*?\["((?:[^"\\]|\\.)*)".*\)\s+= 0$)re");
    static const std::regex kNamed(
        R"re(^(rename|renameat|renameat2|unlink|unlinkat|rmdir|mkdir|mkdirat|link|linkat|symlink|symlinkat)\((.*)\)\s+= 0$)re");
    static const std::regex kConnected(R"(^connect\(.*sa_family=AF_(INET6?|UNIX),.*$)");
    std::smatch match;
    if (std::regex_match(line, match, kOpened)) return opened(line, match[1]);
    if (std::regex_match(line, match, kExecuted)) story_.programs.insert(match[1]);
    if (std::regex_match(line, match, kNamed)) return named(match[1], match[2]);
    if (std::regex_match(line, match, kConnected))
      story_.connects.insert(match[1] == "UNIX" ? "unix" : match[1] == "INET6" ? "inet6" : "inet");
  }

 private:
  void opened(const std::string& line, const std::string& path) {
    const auto has = [&](const char* flag) { return line.find(flag) != std::string::npos; };
    if (has("O_PATH") || has("O_TMPFILE")) return;
    const bool writes = has("O_WRONLY") || has("O_RDWR") || has("O_TRUNC") || line.starts_with("creat");
    const std::string name = plain(path, folder_);
    if (writes && name.starts_with("@")) story_.touched.insert(name);
    if (!has("O_WRONLY") && !line.starts_with("creat")) story_.read.insert(name);
  }
  /// Both names of a rename, the name that is made of a link.
  void named(const std::string& call, const std::string& arguments) {
    static const std::regex kName(R"re((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)")re");
    const bool link = call.find("link") != std::string::npos && !call.starts_with("unlink");
    std::vector<std::string> names;
    for (std::sregex_iterator at(arguments.begin(), arguments.end(), kName), end; at != end; ++at) {
      const std::string name = (*at)[2], base = (*at)[1].matched ? std::string((*at)[1]) : folder_;
      names.push_back(plain(name.starts_with("/") ? name : base + "/" + name, folder_));
    }
    if (link && names.size() > 1) names.erase(names.begin());
    for (const std::string& name : names)
      if (name.starts_with("@")) story_.touched.insert(name);
  }
  Story& story_;
  const std::string& folder_;
};

Story told_by_strace(Command command, const std::string& folder) {
  const Folder logs;
  command.argv.insert(command.argv.begin(),
                      {"strace", "-ff", "-y", "-qq", "-s", "200", "-e", "signal=none", "-o", logs.at("log")});
  command.cwd = folder;
  const auto ran = run_command(command, Deadline::in(std::chrono::seconds(120)));
  BOOST_REQUIRE(ran.ok());
  BOOST_REQUIRE(ran->ended.exited);
  Story story;
  for (const auto& file : std::filesystem::directory_iterator(logs.path())) {
    std::ifstream lines(file.path());
    Log log(story, folder);
    for (std::string line; std::getline(lines, line);) log.take(line);
  }
  return story;
}

std::string difference(const Names& one, const Names& other) {
  std::string text;
  for (const std::string& name : one)
    if (!other.contains(name)) text += name + " ";
  return text;
}
/// Files that were also written are left to the names that were touched: whether they were there before is not told
/// by both.
Names without(Names names, const Names& others) {
  std::erase_if(names, [&](const std::string& name) { return name.empty() || others.contains(name); });
  return names;
}

struct Work {
  const char* name;
  std::vector<std::string> argv;
};
std::ostream& operator<<(std::ostream& out, const Work& work) {
  return out << work.name;
}
const std::string kFixtures = MCCOY_BINARY_DIR "/fixtures/";
const Work kWorks[] = {
    {"shell",
     {"/bin/sh", "-c",
      "mkdir a; echo 1 >a/x; cp a/x a/y; mv a/y z; ln -s z s; ln z h; rm a/x; rmdir a; cat s h; ls -l; "
      "for i in 1 2 3; do (echo $i | grep -q 2); done; touch new; sort z -o z; find . -name h"}},
    {"compiler",
     {"/bin/sh", "-c",
      "printf '#include <stdio.h>\\nint main(void){return 0;}\\n' >m.c; cc -c m.c && cc -o m m.o && ./m"}},
    {"python",
     {"python3", "-B", "-c",
      "import subprocess, tempfile, os, json, threading\n"
      "subprocess.run(['true']); subprocess.run('echo hi > by-shell', shell=True)\n"
      "open('a', 'w').write('x'); os.replace('a', 'b'); os.makedirs('d/e')\n"
      "t = threading.Thread(target=lambda: open('d/e/f', 'x').close()); t.start(); t.join()\n"
      "os.unlink('d/e/f'); os.chdir('d'); open('e/g', 'a').close()\n"}},
    {"names", {kFixtures + "deeds_files", "names"}},
    {"relative", {kFixtures + "deeds_files", "relative"}},
    {"refused", {kFixtures + "deeds_files", "refused"}},
    {"vfork", {kFixtures + "deeds_programs", "vfork_exec"}},
    {"failed_execs", {kFixtures + "deeds_programs", "failed_execs"}},
    {"talk", {kFixtures + "deeds_sockets", "talk", "v4", "7", "100", "100", "-"}},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(call_strace)

BOOST_DATA_TEST_CASE(the_witness_and_strace_tell_the_same, boost::unit_test::data::make(kWorks), work) {
  const Folder ours, theirs;
  for (const Folder* folder : {&ours, &theirs}) {
    folder->put("victim", "text");
    folder->put("exists", "text");
    folder->put("only-a-handle", "text");
  }
  Command command = words(work.argv);
  set_env(command.env, "TMPDIR", ours.path());
  const Watching watched = watch(command, ours.path());
  const Story witness = told_by_witness(watched.activity, ours.path());
  set_env(command.env, "TMPDIR", theirs.path());
  const Story strace = told_by_strace(command, theirs.path());
  BOOST_TEST(witness.programs == strace.programs);
  BOOST_TEST(witness.connects == strace.connects);
  BOOST_TEST(difference(witness.touched, strace.touched) == "");
  BOOST_TEST(difference(strace.touched, witness.touched) == "");
  Names touched = witness.touched;
  touched.insert(strace.touched.begin(), strace.touched.end());
  BOOST_TEST(difference(without(witness.read, touched), strace.read) == "");
  BOOST_TEST(difference(without(strace.read, touched), witness.read) == "");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
