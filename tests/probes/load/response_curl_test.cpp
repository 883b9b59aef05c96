// The reader of responses beside libcurl: several hundred odd responses, served by loopback to libcurl and given to the
// reader as they are. Both must agree on status, body and whether it is an error; where we differ on purpose, it is
// said here.
#include <curl/curl.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "probes/load/response_reader.hpp"
#include "tests/probes/load/server.hpp"

using namespace mccoy::load;
using namespace mccoy::load::testing;

namespace {
struct Odd {
  std::string title, bytes;
  bool head_request = false;
};

struct Read {
  bool ok = false;
  bool leftovers = false;
  long status = 0;
  std::string body;
};

struct Part {
  std::string_view title, text;
};

const Part kStatusLines[] = {
    {"200", "HTTP/1.1 200 OK\r\n"},
    {"no reason", "HTTP/1.1 200\r\n"},
    {"1.0", "HTTP/1.0 200 OK\r\n"},
    {"404", "HTTP/1.1 404 Not Found\r\n"},
    {"204", "HTTP/1.1 204 No Content\r\n"},
    {"304", "HTTP/1.1 304 Not Modified\r\n"},
    {"100 first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"},
    {"103 first", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 201 Created\r\n"},
    {"bare LF", "HTTP/1.1 200 OK\n"},
    {"999", "HTTP/1.1 999 Odd\r\n"},
    {"500", "HTTP/1.1 500 Oops\r\n"},
    {"two digits", "HTTP/1.1 20 OK\r\n"},
    {"four digits", "HTTP/1.1 2000 OK\r\n"},
    {"no version", "HTTP 200 OK\r\n"},
    {"garbage", "\x01\x02garbage\r\n"},
    {"205", "HTTP/1.1 205 Reset\r\n"},
};

const Part kFramings[] = {
    {"length", "Content-Length: 5\r\n\r\nhello"},
    {"length 0", "Content-Length: 0\r\n\r\n"},
    {"short", "Content-Length: 9\r\n\r\nhello"},
    {"leftovers", "Content-Length: 3\r\n\r\nhello"},
    {"until close", "\r\nhello"},
    {"nothing", "\r\n"},
    {"same lengths", "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
    {"other lengths", "Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello"},
    {"negative", "Content-Length: -5\r\n\r\nhello"},
    {"no number", "Content-Length: five\r\n\r\nhello"},
    {"huge", "Content-Length: 99999999999999999999999\r\n\r\nhello"},
    {"folded", "X-Long: a\r\n b\r\n\tc\r\nContent-Length: 5\r\n\r\nhello"},
    {"folded length", "Content-Length:\r\n 5\r\n\r\nhello"},
    {"blanks", "Content-Length:   5   \r\n\r\nhello"},
    {"no blank", "Content-Length:5\r\n\r\nhello"},
    {"capitals", "CONTENT-LENGTH: 5\r\n\r\nhello"},
    {"empty field", "X-Empty:\r\nContent-Length: 5\r\n\r\nhello"},
    {"chunks", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
    {"two chunks", "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"},
    {"extension", "Transfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n0;z\r\n\r\n"},
    {"trailers", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\nZ: w\r\n\r\n"},
    {"leading zeros", "Transfer-Encoding: chunked\r\n\r\n0005\r\nhello\r\n000\r\n\r\n"},
    {"hex", "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\nB\r\n0123456789A\r\n0\r\n\r\n"},
    {"no last chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
    {"chunk cut", "Transfer-Encoding: chunked\r\n\r\n9\r\nhello"},
    {"bad size", "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"},
    {"chunk too long", "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n"},
    {"huge size", "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n"},
    {"chunks and length", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
    {"keep-alive", "Connection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"},
    {"close", "Connection: close\r\nContent-Length: 5\r\n\r\nhello"},
    {"bare LF fields", "X: y\nContent-Length: 5\n\nhello"},
    {"no colon", "Nonsense\r\nContent-Length: 5\r\n\r\nhello"},
    {"identity", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello"},
    {"leftovers behind chunks", "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n\r\nmore"},
    {"LF chunks", "Transfer-Encoding: chunked\n\n5\nhello\n0\n\n"},
    {"head cut", "Content-Length: 5\r\n"},
};

/// Framings on which we differ from libcurl, and why. Bytes behind a response are refused by us everywhere: nobody
/// asked for more, and what follows on this connection could not be trusted. In all else we must agree.
struct OnPurpose {
  std::string_view why;
  bool we_take_it;
};
const std::map<std::string_view, OnPurpose> kOnPurpose = {
    {"other lengths", {"RFC 9110, 8.6: lengths that differ are an error; libcurl believes the last one", false}},
    {"huge", {"a length over 63 bits is an error; libcurl reads until the end", false}},
    {"folded length", {"RFC 9112, 5.2: a folded field is one field; libcurl sees an empty length", true}},
    {"negative", {"a length that is none is an error, also where no body follows; libcurl looks later", false}},
    {"no number", {"the same", false}},
    {"head cut", {"a head without its end is not whole, whatever its status", false}},
};

std::string head_of(const std::string& text) {
  const auto end = text.find("\r\n\r\n");
  if (end != std::string::npos) return text.substr(0, end + 4);
  const auto bare = text.find("\n\n");
  if (bare != std::string::npos) return text.substr(0, bare + 2);
  return text.starts_with("\r\n") ? "\r\n" : text;
}

std::vector<Odd> odd_responses() {
  std::vector<Odd> all;
  for (const auto& line : kStatusLines)
    for (const auto& framing : kFramings)
      all.push_back({std::string(line.title) + " / " + std::string(framing.title),
                     std::string(line.text) + std::string(framing.text), false});
  for (const auto& framing : kFramings) {
    const std::string text(framing.text);
    all.push_back({"HEAD / " + std::string(framing.title), "HTTP/1.1 200 OK\r\n" + head_of(text), true});
  }
  return all;
}

Read read_by_us(const Odd& odd) {
  struct Kept final : ResponseSink {
    void head(std::string_view) override {}
    void body(std::string_view part) override { text.append(part); }
    std::string text;
  } kept;
  ResponseReader reader;
  reader.start(odd.head_request, 0);
  const std::size_t taken = reader.feed(odd.bytes, &kept);
  if (!reader.done()) reader.end();
  return {reader.done(), taken < odd.bytes.size(), reader.status(), kept.text};
}

std::size_t keep(char* bytes, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(bytes, size * count);
  return size * count;
}

Read read_by_curl(CURL* curl, const Odd& odd, int port, std::size_t number) {
  Read read;
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/" + std::to_string(number);
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &keep);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &read.body);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(curl, CURLOPT_NOBODY, odd.head_request ? 1L : 0L);
  read.ok = curl_easy_perform(curl) == CURLE_OK;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &read.status);
  return read;
}

/// Sends the response whose number is the path, and closes.
Server::Handler serve(const std::vector<Odd>& all) {
  return [&all](int fd) {
    std::string buffer;
    const std::string request = read_request(fd, buffer);
    if (request.empty()) return;
    const auto slash = request.find('/');
    send_all(fd, all[std::stoul(request.substr(slash + 1))].bytes);
    ::shutdown(fd, SHUT_WR);
  };
}

const OnPurpose* on_purpose(const Odd& odd) {
  const auto slash = odd.title.find(" / ");
  const auto found = kOnPurpose.find(std::string_view(odd.title).substr(slash + 3));
  return found == kOnPurpose.end() ? nullptr : &found->second;
}

void compare(const Odd& odd, const Read& ours, const Read& theirs) {
  BOOST_TEST(ours.ok == theirs.ok, odd.title << ": ok here " << ours.ok << ", there " << theirs.ok);
  if (!ours.ok || !theirs.ok) return;
  BOOST_TEST(ours.status == theirs.status, odd.title);
  BOOST_TEST(ours.body == theirs.body, odd.title);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(response_curl)

BOOST_AUTO_TEST_CASE(several_hundred_odd_responses_are_read_as_libcurl_reads_them) {
  const auto all = odd_responses();
  BOOST_TEST(all.size() > 500U);
  const Server server(serve(all));
  CURL* curl = curl_easy_init();
  std::size_t agreed = 0, leftovers = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Read ours = read_by_us(all[i]), theirs = read_by_curl(curl, all[i], server.port(), i);
    const OnPurpose* purpose = on_purpose(all[i]);
    if (ours.ok != theirs.ok && purpose != nullptr && ours.ok == purpose->we_take_it) continue;
    if (ours.leftovers && ours.ok) {
      ++leftovers;
    } else {
      compare(all[i], ours, theirs);
      ++agreed;
    }
  }
  BOOST_TEST(agreed > 400U);
  BOOST_TEST(leftovers > 0U);
  curl_easy_cleanup(curl);
}

BOOST_AUTO_TEST_SUITE_END()
