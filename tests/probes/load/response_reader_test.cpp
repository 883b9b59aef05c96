// Responses read whole, and split at every byte.
#include "probes/load/response_reader.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

using namespace mccoy::load;
namespace data = boost::unit_test::data;

namespace {
using State = ResponseReader::State;

struct Kept final : ResponseSink {
  void head(std::string_view part) override { heads.append(part); }
  void body(std::string_view part) override { bodies.append(part); }
  std::string heads, bodies;
};

struct Row {
  std::string title, bytes;
  State state = State::done;
  int status = 200;
  std::string body = {};
  bool keep_alive = true;
  std::size_t behind = 0;  ///< bytes that are no part of it
  bool head_request = false;
  bool closed = false;  ///< the peer closes behind the bytes
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";

const Row kRows[] = {
    {.title = "length", .bytes = kOk + "Content-Length: 5\r\n\r\nhello", .body = "hello"},
    {.title = "no reason", .bytes = "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"},
    {.title = "bare line feeds", .bytes = "HTTP/1.1 200 OK\nContent-Length: 1\n\na", .body = "a"},
    {.title = "leftovers", .bytes = kOk + "Content-Length: 2\r\n\r\nhello", .body = "he", .behind = 3},
    {.title = "lengths that agree", .bytes = kOk + "Content-Length: 2, 2\r\ncontent-length: 2\r\n\r\nhi", .body = "hi"},
    {.title = "lengths that differ",
     .bytes = kOk + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
     .state = State::malformed},
    {.title = "a list of lengths that differ",
     .bytes = kOk + "Content-Length: 2, 3\r\n\r\nhi!",
     .state = State::malformed},
    {.title = "negative length", .bytes = kOk + "Content-Length: -1\r\n\r\n", .state = State::malformed},
    {.title = "length with a sign", .bytes = kOk + "Content-Length: +1\r\n\r\na", .state = State::malformed},
    {.title = "length of too many digits",
     .bytes = kOk + "Content-Length: 99999999999999999999\r\n\r\n",
     .state = State::malformed},
    {.title = "folded length", .bytes = kOk + "Content-Length:\r\n  2\r\nX: a\r\n\tb\r\n\r\nhi", .body = "hi"},
    {.title = "chunked", .bytes = kChunked + "5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\n\r\n", .body = "hello world"},
    {.title = "chunked in capitals",
     .bytes = kOk + "TRANSFER-ENCODING: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
     .body = "0123456789"},
    {.title = "trailers", .bytes = kChunked + "1\r\na\r\n0\r\nDigest: x\r\nY: z\r\n\r\n", .body = "a"},
    {.title = "leftovers behind chunks", .bytes = kChunked + "1\r\na\r\n0\r\n\r\nHTTP", .body = "a", .behind = 4},
    {.title = "gzip, chunked",
     .bytes = kOk + "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n",
     .body = "z"},
    {.title = "chunked and a length",
     .bytes = kOk + "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
     .body = "a",
     .keep_alive = false},
    {.title = "chunked twice",
     .bytes = kOk + "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
     .state = State::malformed},
    {.title = "no size of a chunk", .bytes = kChunked + "\r\nhello", .state = State::malformed},
    {.title = "a size that is no number", .bytes = kChunked + "xyz\r\n", .state = State::malformed},
    {.title = "a chunk longer than its size", .bytes = kChunked + "2\r\nhello\r\n0\r\n\r\n", .state = State::malformed},
    {.title = "a size over 60 bits", .bytes = kChunked + "ffffffffffffffff\r\n", .state = State::malformed},
    {.title = "interim responses",
     .bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk +
              "Content-Length: 0\r\n\r\n"},
    {.title = "switching protocols",
     .bytes = "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
     .state = State::malformed},
    {.title = "204 has no body", .bytes = "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", .status = 204},
    {.title = "304 has no body",
     .bytes = "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
     .status = 304},
    {.title = "HEAD has no body", .bytes = kOk + "Content-Length: 500\r\n\r\n", .head_request = true},
    {.title = "until the end",
     .bytes = kOk + "\r\nall of it",
     .body = "all of it",
     .keep_alive = false,
     .closed = true},
    {.title = "until an end that has not come",
     .bytes = kOk + "\r\nall of it",
     .state = State::until_close,
     .body = "all of it"},
    {.title = "cut short",
     .bytes = kOk + "Content-Length: 5\r\n\r\nhel",
     .state = State::length,
     .body = "hel",
     .closed = true},
    {.title = "cut short in a chunk",
     .bytes = kChunked + "5\r\nhel",
     .state = State::chunk_data,
     .body = "hel",
     .closed = true},
    {.title = "close", .bytes = kOk + "Connection: foo, Close\r\nContent-Length: 0\r\n\r\n", .keep_alive = false},
    {.title = "HTTP/1.0 closes", .bytes = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", .keep_alive = false},
    {.title = "HTTP/1.0 keeps alive when it says so",
     .bytes = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"},
    {.title = "garbage", .bytes = "\x16\x03\x01\r\n\r\n", .state = State::malformed},
    {.title = "another protocol", .bytes = "SSH-2.0-OpenSSH\r\n\r\n", .state = State::malformed},
    {.title = "HTTP/2 in words", .bytes = "HTTP/2 200\r\n\r\n", .state = State::malformed},
    {.title = "a status of two digits", .bytes = "HTTP/1.1 20 OK\r\n\r\n", .state = State::malformed},
    {.title = "a status of four digits", .bytes = "HTTP/1.1 2000 OK\r\n\r\n", .state = State::malformed},
    {.title = "a field without a colon", .bytes = kOk + "Content-Length 5\r\n\r\n", .state = State::malformed},
    {.title = "a blank before the colon", .bytes = kOk + "Content-Length : 5\r\n\r\nhello", .state = State::malformed},
    {.title = "a zero byte in the head", .bytes = kOk + std::string("X: a\0b\r\n\r\n", 10), .state = State::malformed},
};

struct Seen {
  Kept kept;
  ResponseReader reader;
  std::size_t taken = 0;
};

/// In two parts, and the second one in parts of `piece` bytes.
void read(Seen& seen, const Row& row, std::size_t cut, std::size_t piece) {
  seen.reader.start(row.head_request, 0);
  const std::string_view bytes = row.bytes;
  while (seen.taken < bytes.size() && !seen.reader.done() && !seen.reader.wrong()) {
    const auto part = bytes.substr(seen.taken, seen.taken < cut ? cut - seen.taken : piece);
    seen.taken += seen.reader.feed(part, &seen.kept);
  }
  if (row.closed) seen.reader.end();
}

void check(const Row& row, std::size_t cut, std::size_t piece) {
  Seen seen;
  read(seen, row, cut, piece);
  BOOST_REQUIRE_EQUAL(static_cast<int>(seen.reader.state()), static_cast<int>(row.state));
  if (row.state == State::malformed) return;
  BOOST_REQUIRE_EQUAL(seen.kept.bodies, row.body);
  BOOST_REQUIRE_EQUAL(seen.reader.status(), row.status);
  if (row.state != State::done) return;
  BOOST_REQUIRE_EQUAL(seen.reader.keep_alive(), row.keep_alive);
  BOOST_REQUIRE_EQUAL(row.bytes.size() - seen.taken, row.behind);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(response_reader)

BOOST_DATA_TEST_CASE(a_response_is_read_the_same_however_it_is_split, data::make(kRows), row) {
  check(row, 0, row.bytes.size());
  check(row, 0, 1);
  for (std::size_t cut = 1; cut < row.bytes.size(); ++cut) check(row, cut, row.bytes.size());
}

BOOST_AUTO_TEST_CASE(one_reader_reads_one_response_after_the_other) {
  ResponseReader reader;
  for (const Row& row : kRows) {
    reader.start(row.head_request, 0);
    Kept kept;
    reader.feed(row.bytes, &kept);
    if (row.closed) reader.end();
    BOOST_TEST(static_cast<int>(reader.state()) == static_cast<int>(row.state), row.title);
  }
}

BOOST_AUTO_TEST_CASE(a_head_that_never_ends_is_too_large_and_takes_bounded_memory) {
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{200000}}) {
    ResponseReader reader;
    reader.start(false, 0);
    reader.feed("HTTP/1.1 200 OK\r\nX: ", nullptr);
    const std::string more(piece, 'x');
    for (int i = 0; i < 100 && !reader.wrong(); ++i) reader.feed(more, nullptr);
    BOOST_TEST((reader.state() == State::too_large));
  }
}

BOOST_AUTO_TEST_CASE(interim_responses_without_end_are_too_large) {
  ResponseReader reader;
  reader.start(false, 0);
  for (int i = 0; i < 10000 && !reader.wrong(); ++i) reader.feed("HTTP/1.1 100 Continue\r\n\r\n", nullptr);
  BOOST_TEST((reader.state() == State::too_large));
}

BOOST_AUTO_TEST_CASE(chunk_lines_and_trailers_are_bounded_but_chunks_may_be_many) {
  ResponseReader reader;
  reader.start(false, 0);
  reader.feed(kChunked, nullptr);
  for (int i = 0; i < 100000; ++i) reader.feed("1;x\r\na\r\n", nullptr);
  BOOST_TEST((reader.state() == State::chunk_size));
  BOOST_TEST(reader.body_bytes() == 100000U);
  reader.feed("0\r\n", nullptr);
  for (int i = 0; i < 100000 && !reader.wrong(); ++i) reader.feed("Trailer: x\r\n", nullptr);
  BOOST_TEST((reader.state() == State::too_large));
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_too_large_whether_it_says_so_or_not) {
  for (const std::string& head : {kOk + "Content-Length: 11\r\n\r\n", kOk + "\r\n"}) {
    ResponseReader reader;
    reader.start(false, 10);
    reader.feed(head, nullptr);
    reader.feed("hello world", nullptr);
    BOOST_TEST((reader.state() == State::too_large));
  }
}

BOOST_AUTO_TEST_SUITE_END()
