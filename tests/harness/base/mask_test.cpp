#include "harness/base/mask.hpp"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "harness/base/file.hpp"
#include "harness/base/pattern_set.hpp"
#include "harness/base/random.hpp"
#include "harness/base/secret_forms.hpp"
#include "harness/base/text.hpp"

using namespace mccoy;
namespace data = boost::unit_test::data;

namespace {
Masker masker(std::vector<Secret> secrets) {
  return Masker::make(secrets).value();
}

/// Every character that some writer escapes, a character outside ASCII and one outside the first plane.
const std::string kAwkward = "p@ss w<o>r&d\"'\\/$`+%=~\u00e9\U0001F600!";

/// The secret as other programs write it: command reads the secret from standard input.
struct Encoding {
  const char* name;
  const char* python;  ///< an expression of s, the secret as str; gives str or bytes
};
std::ostream& operator<<(std::ostream& out, const Encoding& row) {
  return out << row.name;
}
const Encoding kEncodings[] = {
    {"plain", "s"},
    {"base64", "base64.b64encode(s.encode())"},
    {"base64 after one byte", "base64.b64encode(b'u' + s.encode() + b'xyz')"},
    {"base64 after two bytes", "base64.b64encode(b'u:' + s.encode() + b'@host')"},
    {"base64url", "base64.urlsafe_b64encode(b'u:' + s.encode())"},
    {"hex", "s.encode().hex()"},
    {"HEX", "s.encode().hex().upper()"},
    {"percent", "urllib.parse.quote(s, safe='')"},
    {"percent, slash kept", "urllib.parse.quote(s)"},
    {"percent, plus for blank", "urllib.parse.quote_plus(s)"},
    {"form", "urllib.parse.urlencode({'k': s})"},
    {"json", "json.dumps(s, ensure_ascii=False)"},
    {"json, ascii", "json.dumps(s)"},
    {"xml text", "xml.sax.saxutils.escape(s)"},
    {"xml attribute", "xml.sax.saxutils.escape(s, {'\"': '&quot;', \"'\": '&apos;'})"},
    {"html", "html.escape(s)"},
    {"html, no quotes", "html.escape(s, quote=False)"},
    {"shell", "shlex.quote(s)"},
    {"utf-16 little end first", "s.encode('utf-16-le')"},
    {"utf-16 big end first", "s.encode('utf-16-be')"},
};

/// What python makes of the secret.
std::string encoded_by_python(const std::string& secret, const std::string& expression) {
  const auto folder = TempDir::make("/tmp", "mccoy-mask-").value();
  BOOST_REQUIRE(write_atomically(folder.path() + "/secret", secret).ok());
  const std::string program =
      "import base64, html, json, shlex, sys, urllib.parse, xml.sax.saxutils\n"
      "s = open(sys.argv[1], encoding='utf-8', newline='').read()\n"
      "r = " +
      expression +
      "\n"
      "open(sys.argv[2], 'wb').write(r if isinstance(r, bytes) else r.encode())\n";
  BOOST_REQUIRE(write_atomically(folder.path() + "/encode.py", program).ok());
  const std::string at = ' ' + folder.path();
  BOOST_REQUIRE(std::system(("python3" + at + "/encode.py" + at + "/secret" + at + "/out").c_str()) == 0);
  return read_file(folder.path() + "/out", 1 << 20).value();
}

std::string fed_in_two(const Masker& masker, std::string_view text, std::size_t cut) {
  auto stream = masker.stream();
  std::string out = stream.feed(text.substr(0, cut));
  out += stream.feed(text.substr(cut));
  return out + stream.finish();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(mask_suite)

BOOST_AUTO_TEST_CASE(a_secret_is_replaced_by_its_name) {
  const auto mask = masker({{"DB_PASSWORD", "hunter22"}, {"TOKEN", "abcdef"}});
  BOOST_TEST(mask.mask("user=x password=hunter22!") == "user=x password=[masked DB_PASSWORD]!");
  BOOST_TEST(mask.mask("hunter22hunter22abcdef") == "[masked DB_PASSWORD][masked DB_PASSWORD][masked TOKEN]");
  BOOST_TEST(mask.mask("hunter2 abcde") == "hunter2 abcde");
  BOOST_TEST(mask.mask("").empty());
  BOOST_TEST(Masker().mask("hunter22") == "hunter22");
}

BOOST_DATA_TEST_CASE(no_encoding_of_a_secret_gets_through, data::make(kEncodings), row) {
  const auto mask = masker({{"S", kAwkward}});
  const std::string encoded = encoded_by_python(kAwkward, row.python);
  const std::string masked = mask.mask("before " + encoded + " after");
  BOOST_TEST(masked.find("[masked S]") != std::string::npos);
  BOOST_TEST(masked.size() <
             std::string("before [masked S] after").size() + 16);  // quotes, padding, what stood around it
  BOOST_TEST(mask.counts().at(0).second == 1U);
}

BOOST_DATA_TEST_CASE(no_chunk_boundary_lets_an_encoding_through, data::make(kEncodings), row) {
  const auto mask = masker({{"S", kAwkward}, {"OTHER", "w<o>r&d\"'\\/$`+%=x"}});
  const std::string text = "before " + encoded_by_python(kAwkward, row.python) + " after";
  const std::string whole = mask.mask(text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) BOOST_REQUIRE(fed_in_two(mask, text, cut) == whole);
  auto stream = mask.stream();
  std::string out;
  for (const char c : text) out += stream.feed({&c, 1});
  BOOST_TEST(out + stream.finish() == whole);
}

BOOST_AUTO_TEST_CASE(a_hundred_secrets_in_every_form_leave_no_trace) {
  Random random(77);
  std::vector<Secret> secrets;
  for (int i = 0; i < 100; ++i) {
    std::string value;
    for (auto left = 8 + random.below(24); left > 0; --left) value += static_cast<char>(0x21 + random.below(0x5E));
    secrets.push_back({"S" + std::to_string(i), value});
  }
  const auto mask = masker(secrets);
  std::string text;
  for (const auto& secret : secrets) {
    for (const auto& form : secret_forms(secret.value)) text += "<<" + form + ">>\n";
  }
  const std::string masked = mask.mask(text);
  for (const auto& secret : secrets) {
    for (const auto& form : secret_forms(secret.value)) BOOST_REQUIRE(masked.find(form) == std::string::npos);
  }
  for (const auto& [name, count] : mask.counts()) BOOST_TEST(count > 0U, name);
}

BOOST_AUTO_TEST_CASE(overlapping_secrets_are_hidden_together) {
  const auto mask = masker({{"A", "abcd1234"}, {"B", "1234zzzz"}, {"C", "d123"}});
  BOOST_TEST(mask.mask("<abcd1234zzzz>") == "<[masked A]>");
  BOOST_TEST(mask.mask("<1234zzzz>") == "<[masked B]>");
  BOOST_TEST(mask.mask("xd123x") == "x[masked C]x");
  const auto counts = mask.counts();
  BOOST_TEST(counts.at(0).second == 1U);
  BOOST_TEST(counts.at(1).second == 2U);
  BOOST_TEST(counts.at(2).second == 2U);
}

BOOST_AUTO_TEST_CASE(a_longer_secret_gives_its_name_when_both_begin_together) {
  const auto mask = masker({{"SHORT", "pass"}, {"LONG", "password"}});
  BOOST_TEST(mask.mask("password pass passwort") == "[masked LONG] [masked SHORT] [masked SHORT]wort");
}

/// All offsets that any secret covers, found the slow way.
std::vector<bool> covered_by(const std::vector<Secret>& secrets, std::string_view text) {
  std::vector<bool> covered(text.size());
  for (const auto& secret : secrets) {
    for (auto at = text.find(secret.value); at != std::string_view::npos; at = text.find(secret.value, at + 1)) {
      std::fill_n(covered.begin() + static_cast<std::ptrdiff_t>(at), secret.value.size(), true);
    }
  }
  return covered;
}

BOOST_AUTO_TEST_CASE(random_overlaps_are_hidden_wherever_the_chunks_end) {
  Random random(2026);
  for (int i = 0; i < 2'000; ++i) {
    const auto letters = [&random](std::uint64_t least, std::uint64_t more) {
      std::string out;
      for (auto left = least + random.below(more); left > 0; --left) out += "xyz"[random.below(3)];
      return out;
    };
    std::vector<Secret> secrets;
    for (auto left = 1 + random.below(4); left > 0; --left) secrets.push_back({"#", letters(4, 3)});
    const std::string text = letters(0, 40);
    const auto mask = masker(secrets);
    const std::string whole = mask.mask(text);
    std::string plain, kept;
    const auto covered = covered_by(secrets, text);
    for (std::size_t at = 0; at < text.size(); ++at) plain += covered[at] ? "" : text.substr(at, 1);
    std::ranges::copy_if(whole, std::back_inserter(kept), [](char c) { return c >= 'x' && c <= 'z'; });
    BOOST_REQUIRE(kept == plain);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) BOOST_REQUIRE(fed_in_two(mask, text, cut) == whole);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_holds_back_only_what_may_become_a_secret) {
  const auto mask = masker({{"S", "secret-value"}});
  auto stream = mask.stream();
  BOOST_TEST(stream.feed("plain text") == "plain text");
  BOOST_TEST(stream.feed(" secret-val") == " ");
  BOOST_TEST(stream.feed("ve secret-") == "secret-valve ");
  BOOST_TEST(stream.feed("value") == "[masked S]");
  BOOST_TEST(stream.feed(" secr") == " ");
  BOOST_TEST(stream.finish() == "secr");
  BOOST_TEST(stream.feed("et-value") == "et-value");
}

BOOST_AUTO_TEST_CASE(an_endless_run_of_secrets_needs_no_memory) {
  const auto mask = masker({{"S", "aaaa"}});
  auto stream = mask.stream();
  std::string out;
  for (int i = 0; i < 1'000; ++i) out += stream.feed(std::string(1'000, 'a'));
  BOOST_TEST(out == "[masked S]");
  BOOST_TEST(stream.feed("b") + stream.finish() == "b");
}

BOOST_AUTO_TEST_CASE(many_finds_in_one_chunk_take_linear_time) {
  const auto mask = masker({{"S", "abcdefgh"}});
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "abcdefgh,";
  BOOST_TEST(mask.mask(text).size() == 200'000U * std::string("[masked S],").size());
  BOOST_TEST(mask.counts().at(0).second == 200'000U);
}

const char* const kTooShort[] = {"", "a", "abc", "abc\n", "abc\r\n"};
BOOST_DATA_TEST_CASE(a_secret_too_short_to_mask_is_refused, data::make(kTooShort), value) {
  const auto made = Masker::make({{"FINE", "long enough"}, {"PIN", value}});
  BOOST_REQUIRE(!made.ok());
  BOOST_TEST(made.error().what.find("PIN") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_last_line_end_is_no_part_of_a_secret) {
  BOOST_TEST(masker({{"S", "hunter22\n"}}).mask("x hunter22 y") == "x [masked S] y");
}

BOOST_AUTO_TEST_CASE(each_line_of_a_key_file_is_a_secret) {
  const auto mask = masker({{"KEY", "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"}});
  BOOST_TEST(mask.mask("1: MIIEvQIBADANBg\n2: kqhkiG9w0BAQEF") == "1: [masked KEY]\n2: [masked KEY]");
  BOOST_TEST(mask.mask("-----BEGIN KEY-----") == "-----BEGIN KEY-----");
}

BOOST_AUTO_TEST_CASE(a_name_that_holds_a_secret_is_not_shown) {
  BOOST_TEST(masker({{"MY_PASSWORD", "PASSWORD"}}).mask("=PASSWORD") == "=[***]");
}

BOOST_AUTO_TEST_CASE(a_value_is_masked_everywhere_in_it) {
  const auto mask = masker({{"S", "hunter22"}, {"PIN", "12345678"}});
  const auto value =
      *from_json(R"({"a":["x hunter22",1,12345678,0.12345678,true,null],"hunter22":{"b":"hunter22"},"Hunter22":2})");
  BOOST_TEST(to_json(mask.mask_value(value)) == R"({"a":["x [masked S]",1,"[masked PIN]","0.[masked PIN]",true,null],)"
                                                R"("[masked S]":{"b":"[masked S]"},"Hunter22":2})");
}

BOOST_AUTO_TEST_CASE(keys_made_equal_by_masking_are_all_kept) {
  const auto mask = masker({{"S", "hunter22"}});
  const auto value = Value::map({{"hunter22", 1}, {"68756e7465723232", 2}, {"[masked S]", 3}});
  BOOST_TEST(to_json(mask.mask_value(value)) == R"({"[masked S]":1,"[masked S] 2":2,"[masked S] 3":3})");
}

BOOST_AUTO_TEST_CASE(without_secrets_a_value_stays_as_it_is_and_keys_given_twice_are_numbered_all_the_same) {
  const Value plain = Value::map({{"a", 1}, {"b", Value::list().push("text").push(Value::map({{"a", 2.5}}))}});
  BOOST_TEST(to_json(Masker().mask_value(plain)) == to_json(plain));
  Value::Map many;
  for (int i = 0; i < 40; ++i) many.emplace_back("key" + std::to_string(i % 39), i);
  const Value nested = Value::list().push(Value::map({{"inside", Value(many)}}));
  const Value masked = Masker().mask_value(nested);
  BOOST_TEST(masked.pointer("/0/inside/key0 2")->as_int() == 39);
  BOOST_TEST((masked == masker({{"S", "hunter22"}}).mask_value(nested)));
}

BOOST_AUTO_TEST_CASE(copies_count_together) {
  const auto mask = masker({{"A", "hunter22"}, {"B", "never seen"}});
  const Masker copy = mask;
  (void)copy.mask("hunter22");
  (void)mask.mask("68756E7465723232");
  BOOST_TEST(mask.counts().at(0).first == "A");
  BOOST_TEST(mask.counts().at(0).second == 2U);
  BOOST_TEST(mask.counts().at(1).second == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
