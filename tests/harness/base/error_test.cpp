#include "harness/base/error.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "harness/base/file.hpp"

using namespace mccoy;
namespace data = boost::unit_test::data;

namespace {
/// A file of the user's in a private folder; its path is longer than in life, so tests look at what follows it.
struct UsersFile {
  explicit UsersFile(std::string_view text) : folder(TempDir::make("/tmp", "mccoy-error-").value()) {
    path = intern(folder.path() + "/suite.yaml");
    BOOST_REQUIRE(write_atomically(std::string(path), text).ok());
  }
  /// What render() says, without the path.
  std::string rendered(Error error, int line, int column, int length = 1) const {
    error.where = {.file = path, .line = line, .column = column, .length = length};
    const std::string text = render(error);
    BOOST_REQUIRE(text.starts_with(path));
    return text.substr(path.size());
  }
  TempDir folder;
  std::string_view path;
};
}  // namespace

BOOST_AUTO_TEST_SUITE(error_suite)

BOOST_AUTO_TEST_CASE(the_style_guides_example_is_rendered_to_the_letter) {
  std::string text;
  for (int i = 1; i < 14; ++i) text += "x: y\n";
  const UsersFile file(text + "      adress: http://127.0.0.1:8080/health\n");
  BOOST_TEST(file.rendered({.what = "http has no field \"adress\"", .hint = "did you mean \"address\"?"}, 14, 7, 6) ==
             ":14:7: error: http has no field \"adress\"\n"
             "   14 |       adress: http://127.0.0.1:8080/health\n"
             "      |       ^~~~~~ did you mean \"address\"?\n");
}

BOOST_AUTO_TEST_CASE(a_long_hint_has_a_line_of_its_own) {
  const UsersFile file("ab: 1\n");
  const std::string hint(70, 'h');
  BOOST_TEST(file.rendered({.what = "no", .hint = hint}, 1, 1, 2) ==
             ":1:1: error: no\n    1 | ab: 1\n      | ^~\n      = hint: " + hint + "\n");
}

BOOST_AUTO_TEST_CASE(the_caret_counts_characters_and_keeps_tabs) {
  const UsersFile file("\t\u00e9\u20ac\U0001F600key: v\n");
  BOOST_TEST(file.rendered({.what = "no"}, 1, 11, 3) ==
             ":1:11: error: no\n    1 | \t\u00e9\u20ac\U0001F600key: v\n      | \t   ^~~\n");
}

BOOST_AUTO_TEST_CASE(multibyte_text_is_underlined_by_characters) {
  const UsersFile file("k: \u00e9\u00e9\u00e9\n");
  BOOST_TEST(file.rendered({.what = "no"}, 1, 4, 6) ==
             ":1:4: error: no\n    1 | k: \u00e9\u00e9\u00e9\n      |    ^~~\n");
}

BOOST_AUTO_TEST_CASE(hostile_bytes_in_the_line_are_made_visible_and_still_aligned) {
  const UsersFile file("\x1b[31m\xff key\n");
  BOOST_TEST(file.rendered({.what = "a\x1b]0;t\x07", .hint = "h\x9b"}, 1, 8, 3) ==
             ":1:8: error: a\\x1b]0;t\\x07\n    1 | \\x1b[31m\\xff key\n      |              ^~~ h\\x9b\n");
}

BOOST_AUTO_TEST_CASE(a_long_line_is_cut_around_the_column) {
  const UsersFile file(std::string(500, 'a') + "key" + std::string(500, 'b') + '\n');
  const auto text = file.rendered({.what = "no"}, 1, 501, 3);
  BOOST_TEST(text == ":1:501: error: no\n    1 | …" + std::string(40, 'a') + "key" + std::string(67, 'b') +
                         "…\n      | " + std::string(41, ' ') + "^~~\n");
}

BOOST_AUTO_TEST_CASE(a_long_line_is_never_cut_inside_a_character) {
  std::string line;
  for (int i = 0; i < 200; ++i) line += "\u20ac";
  const UsersFile file(line + '\n');
  for (int column = 1; column <= 600; ++column) {
    BOOST_REQUIRE(file.rendered({.what = "no"}, 1, column).find("\\x") == std::string::npos || column % 3 != 1);
  }
}

struct Place {
  int line, column;
  const char* text;
};
std::ostream& operator<<(std::ostream& out, const Place& row) {
  return out << row.line << ':' << row.column;
}
const Place kOdd[] = {{0, 0, ": error: no\n      = hint: do\n"},
                      {3, 1, ":3:1: error: no\n    3 | \n      | ^ do\n"},
                      {4, 1, ":4:1: error: no\n      = hint: do\n"},
                      {-1, 5, ": error: no\n      = hint: do\n"},
                      {1, 0, ":1: error: no\n    1 | one\n      = hint: do\n"},
                      {1, 4, ":1:4: error: no\n    1 | one\n      |    ^ do\n"},
                      {1, 99, ":1:99: error: no\n    1 | one\n      |    ^ do\n"},
                      {2, 3, ":2:3: error: no\n    2 | two\n      |   ^ do\n"}};

BOOST_DATA_TEST_CASE(odd_places_are_survived, data::make(kOdd), row) {
  const UsersFile file("one\ntwo\r\n");
  BOOST_TEST(file.rendered({.what = "no", .hint = "do"}, row.line, row.column) == row.text);
}

BOOST_AUTO_TEST_CASE(an_underline_ends_with_its_line) {
  const UsersFile file("one\n");
  BOOST_TEST(file.rendered({.what = "no"}, 1, 2, 1'000'000) == ":1:2: error: no\n    1 | one\n      |  ^~\n");
  BOOST_TEST(file.rendered({.what = "no"}, 1, 2, -5) == ":1:2: error: no\n    1 | one\n      |  ^\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_gone_leaves_the_place_without_the_line) {
  const Error error{.where = {.file = "gone.yaml", .line = 2, .column = 3}, .what = "no", .hint = "do"};
  BOOST_TEST(render(error) == "gone.yaml:2:3: error: no\n      = hint: do\n");
}

BOOST_AUTO_TEST_CASE(without_a_file_the_message_stands_alone) {
  BOOST_TEST(render({.what = "no"}) == "error: no\n");
  BOOST_TEST(render({.where = {.line = 2, .column = 3}, .what = "no"}) == "line 2, column 3: error: no\n");
  BOOST_TEST(render({.what = "no", .hint = "a\nb"}) == "error: no\n      = hint: a\n              b\n");
}

BOOST_AUTO_TEST_CASE(a_message_cannot_give_orders_to_a_ci_agent) {
  const auto text = render({.what = "::error::x\n##vso[task.complete]", .hint = "::stop-commands::y"});
  BOOST_TEST(text == "error: \\x3a:error::x\n\\x23#vso[task.complete]\n      = hint: \\x3a:stop-commands::y\n");
}

BOOST_AUTO_TEST_CASE(a_system_error_says_why_and_keeps_the_number) {
  const Error error = system_error("a.txt", ENOENT);
  BOOST_TEST(error.what == "a.txt: No such file or directory");
  BOOST_TEST(error.cause.value() == ENOENT);
  BOOST_TEST((error.cause == std::errc::no_such_file_or_directory));
}

BOOST_AUTO_TEST_CASE(a_name_is_kept_once) {
  std::string name = "suites/a.yaml";
  const auto first = intern(name);
  name[0] = 'X';
  BOOST_TEST(first == "suites/a.yaml");
  BOOST_TEST(intern("suites/a.yaml").data() == first.data());
}

namespace {
Result<int> half(int number) {
  if (number % 2 != 0) return Error{.what = "odd"};
  return number / 2;
}
Result<std::string> quarter(int number) {
  MCCOY_TRY(once, half(number));
  MCCOY_TRY(twice, half(once));
  return std::to_string(twice);
}
Status divides(int number) {
  MCCOY_DO(half(number));
  return {};
}
}  // namespace

BOOST_AUTO_TEST_CASE(the_first_error_leaves_a_list_of_steps) {
  BOOST_TEST(*quarter(12) == "3");
  BOOST_TEST(quarter(6).error().what == "odd");
  BOOST_TEST(divides(2).ok());
  BOOST_TEST(divides(3).error().what == "odd");
}

BOOST_AUTO_TEST_SUITE_END()
