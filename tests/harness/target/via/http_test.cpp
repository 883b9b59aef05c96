// Faults of HTTP on a real conversation with keep-alive and pipelining.
#include "tests/harness/target/via/world.hpp"

namespace {
using namespace mccoy;
using namespace mccoy::via;
using namespace mccoy::via::testing;

/// Answers each request with its path, "/chunked" in chunks, and ends a connection it does not understand.
void serve_http(int fd) {
  std::string kept;
  for (char room[4096];;) {
    const auto end = kept.find("\r\n\r\n");
    if (end == std::string::npos) {
      const ssize_t got = ::recv(fd, room, sizeof room, 0);
      if (got <= 0) return;
      kept.append(room, static_cast<std::size_t>(got));
      continue;
    }
    const std::string head = kept.substr(0, end + 4);
    std::size_t body = 0;
    if (const auto at = head.find("Content-Length: "); at != std::string::npos) body = std::stoul(head.substr(at + 16));
    if (kept.size() < head.size() + body) {
      const ssize_t got = ::recv(fd, room, sizeof room, 0);
      if (got <= 0) return;
      kept.append(room, static_cast<std::size_t>(got));
      continue;
    }
    kept.erase(0, head.size() + body);
    const auto blank = head.find(' ');
    const std::string path = head.substr(blank + 1, head.find(' ', blank + 1) - blank - 1);
    const bool bare = head.starts_with("HEAD");
    const std::string text =
        path == "/chunked"
            ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
            : "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " + std::to_string(path.size()) +
                  "\r\n\r\n" + (bare ? "" : path);
    if (!send_all(fd, text)) return;
  }
}

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}
std::string ok(const std::string& path, const std::string& type = "text/html") {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(path.size()) +
         "\r\n\r\n" + path;
}

/// Asks and reads one response with a counted body.
std::string ask(int fd, const std::string& request) {
  send_all(fd, request);
  std::string text;
  for (;;) {
    if (const auto end = text.find("\r\n\r\n"); end != std::string::npos) {
      const auto at = text.find("Content-Length: ");
      return text + read_some(fd, std::stoul(text.substr(at + 16))).bytes;
    }
    const Read got = read_some(fd, 1);
    if (got.bytes.empty()) return text;
    text += got.bytes;
  }
}
bool is_status(const std::string& response, int status) {
  return response.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

BOOST_AUTO_TEST_SUITE(via_http)

BOOST_AUTO_TEST_CASE(a_share_of_requests_is_answered_with_an_error_and_never_reaches_the_service) {
  const auto statuses = [](std::uint64_t seed) {
    World world(&serve_http);
    const UniqueFd client = world.client();
    auto fault = world.inject({.kind = FaultKind::http_status, .share = 30, .seed = seed, .status = 503});
    std::string seen;
    for (int i = 0; i < 100; ++i) {
      const std::string path = "/" + std::to_string(i);
      const std::string response = ask(client.get(), get(path));
      const bool replaced = is_status(response, 503);
      BOOST_TEST((replaced || response == ok(path)));
      seen += replaced ? '-' : '+';
    }
    const Readings readings = fault.measure();
    BOOST_TEST(readings.requests == 100);
    BOOST_TEST(readings.requests_changed == std::ranges::count(seen, '-'));
    BOOST_TEST(world.proxy->since({}).links.front().answered_by_proxy == readings.requests_changed);
    BOOST_TEST(fault.lift().ok());
    BOOST_TEST(ask(client.get(), get("/after")) == ok("/after"));
    return seen;
  };
  const std::string first = statuses(1);
  BOOST_TEST(statuses(1) == first);
  BOOST_TEST(statuses(2) != first);
  BOOST_TEST(std::ranges::count(first, '-') > 10);
  BOOST_TEST(std::ranges::count(first, '+') > 40);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_their_order) {
  World world(&serve_http);
  const auto fault = world.inject({.kind = FaultKind::http_status, .share = 50, .seed = 4});
  const UniqueFd client = world.client();
  std::string all;
  for (int i = 0; i < 40; ++i) all += get("/" + std::to_string(i));
  send_all(client.get(), all);
  int expected = 0, replaced = 0;
  for (; expected < 40; ++expected) {
    const std::string response = ask(client.get(), "");
    replaced += is_status(response, 503) ? 1 : 0;
    BOOST_TEST((is_status(response, 503) || response == ok("/" + std::to_string(expected))));
  }
  BOOST_TEST(replaced > 5);
  BOOST_TEST(fault.measure().requests_changed == replaced);
}

BOOST_AUTO_TEST_CASE(bodies_of_requests_go_with_their_requests) {
  World world(&serve_http);
  const auto fault = world.inject({.kind = FaultKind::http_status, .share = 50, .seed = 9, .status = 500});
  const UniqueFd client = world.client();
  const std::string body = "GET /trap HTTP/1.1\r\n\r\n";
  for (int i = 0; i < 30; ++i) {
    const std::string path = "/" + std::to_string(i);
    const std::string response =
        ask(client.get(),
            "POST " + path + " HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    BOOST_TEST((is_status(response, 500) || response == ok(path)));
  }
  BOOST_TEST(fault.measure().requests == 30);
}

BOOST_AUTO_TEST_CASE(a_body_is_cut_short_and_the_connection_with_it) {
  World world(&serve_http);
  auto fault = world.inject({.kind = FaultKind::http_truncate, .bytes = 3});
  const UniqueFd client = world.client();
  send_all(client.get(), get("/abcdef"));
  const Read got = read_some(client.get());
  BOOST_TEST(got.bytes == ok("/abcdef").substr(0, ok("/abcdef").size() - 4));
  BOOST_TEST(got.ended);
  BOOST_TEST(fault.measure().requests_changed == 1);
  BOOST_TEST(fault.measure().bytes_dropped == 4);
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST(ask(world.client().get(), get("/abcdef")) == ok("/abcdef"));
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_found_and_cut) {
  World world(&serve_http);
  const UniqueFd whole = world.client();
  {
    const auto harmless = world.inject({.kind = FaultKind::http_truncate, .bytes = 1000});
    send_all(whole.get(), get("/chunked") + get("/next"));
    const std::string next = ok("/next");
    const std::string got = read_some(whole.get(), 49 + 22 + next.size()).bytes;
    BOOST_TEST(got.ends_with(next));
    BOOST_TEST(harmless.measure().requests_changed == 0);
  }
  const auto fault = world.inject({.kind = FaultKind::http_truncate, .bytes = 5});
  const UniqueFd client = world.client();
  send_all(client.get(), get("/chunked"));
  BOOST_TEST(read_some(client.get()).bytes.ends_with("\r\n\r\n3\r\nab"));
}

BOOST_AUTO_TEST_CASE(the_content_type_is_replaced_and_nothing_else) {
  World world(&serve_http);
  auto fault = world.inject({.kind = FaultKind::http_type, .text = "application/x-nonsense"});
  const UniqueFd client = world.client();
  BOOST_TEST(ask(client.get(), get("/a")) == ok("/a", "application/x-nonsense"));
  BOOST_TEST(fault.measure().requests_changed == 1);
  BOOST_TEST(fault.lift().ok());
  BOOST_TEST(ask(client.get(), get("/a")) == ok("/a"));
}

BOOST_AUTO_TEST_CASE(the_first_byte_of_a_response_is_late) {
  World world(&serve_http);
  auto fault = world.inject({.kind = FaultKind::http_delay, .delay = milliseconds(60)});
  const UniqueFd client = world.client();
  const Instant began = Clock::now();
  BOOST_TEST(ask(client.get(), get("/a")) == ok("/a"));
  BOOST_TEST((Clock::now() - began >= milliseconds(60)));
  BOOST_TEST(fault.measure().requests_changed == 1);
  BOOST_TEST(fault.measure().delays.least().count() >= 60'000'000);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_goes_through_untouched) {
  World world;
  const auto fault = world.inject({.kind = FaultKind::http_status});
  const UniqueFd client = world.client();
  const std::string bytes = random_bytes(200'000);
  BOOST_TEST((exchange(client.get(), bytes).bytes == bytes));
  BOOST_TEST(!had_effect(fault.fault(), fault.measure()));
}

BOOST_AUTO_TEST_CASE(a_head_in_single_bytes_is_read_all_the_same) {
  World world(&serve_http);
  const auto fault = world.inject({.kind = FaultKind::http_type, .text = "text/x"});
  const auto slices = world.inject({.kind = FaultKind::slice, .toward = Toward::client, .size = 1});
  const UniqueFd client = world.client();
  BOOST_TEST(ask(client.get(), get("/abc")) == ok("/abc", "text/x"));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
