// Switches that pretend, and the innocent ones that look like them.
#include "harness/witness/modes.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "harness/base/text.hpp"
#include "harness/witness/command_words.hpp"

namespace mccoy::test {
namespace {
namespace data = boost::unit_test::data;
using Kind = evidence::DeclaredMode::Kind;

/// Words are separated by blanks; "~" stands for a blank inside a word.
struct Row {
  std::string_view command;
  Kind kind = Kind::dry_run;
  std::string_view env = {};
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.command;
}

std::vector<std::string> words(std::string_view text) {
  auto all = split(text, ' ');
  for (auto& word : all) std::ranges::replace(word, '~', ' ');
  return all;
}
std::vector<evidence::DeclaredMode> modes(const Row& row) {
  std::vector<std::string> env{"PATH=/usr/bin:/bin:/usr/sbin"};
  if (!row.env.empty()) env.emplace_back(row.env);
  return witness::declared_modes(words(row.command), env);
}

const Row kPretending[] = {
    {"make -n"},
    {"make -kn all"},
    {"make --just-print"},
    {"gmake -j4 -q"},
    {"/usr/bin/make -t"},
    {"make all", Kind::dry_run, "MAKEFLAGS=n"},
    {"make all", Kind::dry_run, "MAKEFLAGS=kn -j4"},
    {"make all", Kind::dry_run, "GNUMAKEFLAGS=-n"},
    {"ninja -n"},
    {"ninja -vn all"},
    {"rsync -avn a/ b/"},
    {"rsync --dry-run a b"},
    {"patch --dry-run -p1"},
    {"git push -n origin"},
    {"git -C repo push --dry-run"},
    {"git clean -fdn"},
    {"git commit --dry-run"},
    {"apt-get -s install x"},
    {"apt-get install --simulate x"},
    {"npm install --dry-run"},
    {"npm install", Kind::dry_run, "npm_config_dry_run=true"},
    {"npm run deploy -- --dry-run"},
    {"ansible-playbook site.yml --check"},
    {"ansible-playbook -C site.yml"},
    {"terraform plan"},
    {"terraform -chdir=x plan"},
    {"kubectl apply --dry-run=client -f x"},
    {"kubectl -n ns diff -f x"},
    {"./deploy --dry-run"},
    {"python3 deploy.py --dry-run"},
    {"mocha --dry-run"},
    {"pytest --collect-only", Kind::list_only},
    {"python3 -m pytest --co", Kind::list_only},
    {"pytest tests", Kind::list_only, "PYTEST_ADDOPTS=-q --collect-only"},
    {"ctest -N", Kind::list_only},
    {"jest --listTests", Kind::list_only},
    {"go test -list .*", Kind::list_only},
    {"./unit_tests --gtest_list_tests", Kind::list_only},
    {"./unit_tests --list_content", Kind::list_only},
    {"bash -n deploy.sh", Kind::syntax_only},
    {"sh -o noexec deploy.sh", Kind::syntax_only},
    {"python3 -m py_compile x.py", Kind::syntax_only},
    {"python3.11 -m compileall src", Kind::syntax_only},
    {"node --check x.js", Kind::syntax_only},
    {"node -c x.js", Kind::syntax_only},
    {"perl -wc x.pl", Kind::syntax_only},
    {"ruby -c x.rb", Kind::syntax_only},
    {"php -l x.php", Kind::syntax_only},
    {"g++ -fsyntax-only x.cpp", Kind::syntax_only},
    {"gcc-12 -E x.c", Kind::syntax_only},
    {"tsc --noEmit", Kind::syntax_only},
    {"nginx -t -c x.conf", Kind::syntax_only},
    {"terraform validate", Kind::syntax_only},
    {"mytool --help", Kind::help},
    {"mytool --version", Kind::version},
    {"env A=b make -n"},
    {"env -i -u X MAKEFLAGS=n make"},
    {"sudo -u build make -n"},
    {"timeout -k 1 30 make -n"},
    {"nice -n 5 rsync -n a b"},
    {"nohup stdbuf -oL make -n"},
    {"npx -y jest --listTests", Kind::list_only},
    {"sh -c make~-n"},
    {"bash -o pipefail -c make~-n~|~tee~log"},
    {"bash -lc cd~x~&&~MAKEFLAGS=n~make"},
    {"sh -c if~true;~then~rsync~-n~a~b;~fi"},
};

const Row kInnocent[] = {
    {"head -n 5 file"},
    {"tail -n +2 file"},
    {"sort -n file"},
    {"sort -rn file"},
    {"cp -n a b"},
    {"git commit -n -m x"},
    {"git log -n 5"},
    {"sed -n 1p file"},
    {"grep -n x file"},
    {"grep -- --dry-run file"},
    {"grep -e --dry-run file"},
    {"echo --dry-run"},
    {"echo -n x"},
    {"cat -n x"},
    {"nl x"},
    {"xargs -n 1 ls"},
    {"ssh -n host make"},
    {"ls -ln"},
    {"kill -n 9 1"},
    {"sha256sum --check sums"},
    {"sha256sum -c sums"},
    {"nice -n 5 make"},
    {"make"},
    {"make -j4 all"},
    {"make -fnightly.mk"},
    {"make -C nt"},
    {"make all", Kind::dry_run, "MAKEFLAGS=-j4"},
    {"make all", Kind::dry_run, "MAKEFLAGS=-j4 --no-print-directory"},
    {"true", Kind::dry_run, "MAKEFLAGS=n"},
    {"ninja -C net"},
    {"rsync -av --exclude=-n a b"},
    {"rsync -e ssh~-n a b"},
    {"git push origin"},
    {"git stash push"},
    {"kubectl apply --dry-run=none -f x"},
    {"kubectl -n ns apply -f x"},
    {"./deploy --dry-run=false"},
    {"./deploy --dry-run false"},
    {"./deploy --no-dry-run"},
    {"./deploy -- --dry-run"},
    {"npm install", Kind::dry_run, "npm_config_dry_run=false"},
    {"helm upgrade --version 1.2 x"},
    {"terraform apply plan"},
    {"terraform apply"},
    {"tar -tvf x.tar"},
    {"bash deploy.sh -n"},
    {"bash -c true -n"},
    {"python3 x.py -c"},
    {"python3 -c print(1)"},
    {"node server.js --check"},
    {"perl -ne print"},
    {"perl -e print -c"},
    {"gcc -c x.c"},
    {"g++ -Ex x.cpp"},
    {"nginx -g daemon~off;"},
    {"sh -c rsync~-n~a~b~&&~rsync~a~b"},
    {"sh -c echo~'make~-n'"},
    {"pytest -n 4"},
    {"pytest tests", Kind::list_only, "PYTEST_ADDOPTS=-q"},
    {"docker run -t x"},
    {"psql -l"},
    {""},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(modes_)

BOOST_DATA_TEST_CASE(a_command_that_says_it_only_pretends_is_believed, data::make(kPretending), row) {
  const auto found = modes(row);
  BOOST_REQUIRE(!found.empty());
  BOOST_TEST((found[0].kind == row.kind));
  BOOST_TEST(found[0].where ==
             (row.env.empty() && row.command.find("MAKEFLAGS") == std::string_view::npos ? "argv" : "environment"));
}

BOOST_DATA_TEST_CASE(a_flag_that_means_something_else_is_no_confession, data::make(kInnocent), row) {
  const auto found = modes(row);
  BOOST_TEST(found.empty(), (found.empty() ? "" : found[0].flag));
}

BOOST_AUTO_TEST_CASE(shell_texts_are_split_into_commands) {
  const auto commands = witness::simple_commands("A=1 make 'a b' \"c;d\" | tee x && (cd y; ls) & !  grep z\\ z\n");
  std::string text;
  for (const auto& command : commands) text += join(command.argv, "|") + "\n";
  BOOST_TEST(text == "A=1|make|a b|c;d\ntee|x\ncd|y\nls\ngrep|z z\n");
}

BOOST_AUTO_TEST_CASE(endless_wrapping_ends) {
  std::vector<std::string> argv(1000, "env");
  argv.emplace_back("make");
  BOOST_TEST(!witness::look_through(argv).empty());
  BOOST_TEST(!witness::look_through({"sh", "-c", "sh -c 'sh -c true'"}).empty());
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
