// Services behind a proxy of mccoy's own: the variables, who answered, and that it goes with them.
#include "harness/target/vias.hpp"

#include "harness/target/via/knock.hpp"
#include "tests/harness/target/world.hpp"

namespace {
using namespace mccoy;
using namespace mccoy::target;
using namespace mccoy::target::testing;

suite::Service behind_a_proxy(const std::string& name, Texts options = {}, Texts needs = {}) {
  suite::Service service = unruly(name, std::move(options), std::move(needs));
  service.has_via = true;
  return service;
}

via::Knock ask(const std::string& address, Duration within = seconds(20)) {
  return via::knock(via::loopback(parse_host_port(address).port), "GET / HTTP/1.0\r\n\r\n", Deadline::in(within));
}

BOOST_AUTO_TEST_SUITE(vias)

BOOST_AUTO_TEST_CASE(an_url_leads_to_another_address_and_stays_as_it_is_otherwise) {
  BOOST_TEST(with_authority("http://127.0.0.1:80/a?b#c", "127.0.0.1:9") == "http://127.0.0.1:9/a?b#c");
  BOOST_TEST(with_authority("postgres://me:secret@db:5432/orders", "127.0.0.1:9") ==
             "postgres://me:secret@127.0.0.1:9/orders");
  BOOST_TEST(with_authority("https://x", "127.0.0.1:9") == "https://127.0.0.1:9");
  BOOST_TEST(with_authority("http://x/p@q", "127.0.0.1:9") == "http://127.0.0.1:9/p@q");
  BOOST_TEST(with_authority("x:1", "127.0.0.1:9") == "127.0.0.1:9");
}

BOOST_AUTO_TEST_CASE(a_proxy_stands_before_the_service_and_leads_to_it_afterwards) {
  World world({behind_a_proxy("one"), unruly("two")});
  BOOST_REQUIRE(world.prepare().ok());
  const std::string via = world.text("${services.one.via}");
  BOOST_TEST(world.text("${services.one.via_url}") == "http://" + via);
  BOOST_TEST(via != world.text("127.0.0.1:${services.one.port}"));
  BOOST_TEST((ask(via).how == via::Knock::How::reset));
  world.up();
  BOOST_TEST((ask(via).how == via::Knock::How::answered));
  BOOST_TEST(world.services().service_at(via) == "one");
  BOOST_TEST(world.services().vias().find("two") == nullptr);
  BOOST_TEST(world.records("via").at(0)["at"].as_string() == via);
}

BOOST_AUTO_TEST_CASE(who_is_behind_a_connection_is_seen_through_it) {
  World world({behind_a_proxy("one")});
  Services& services = world.up();
  const int port = parse_host_port(world.text("${services.one.via}")).port;
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const via::Address to = via::loopback(port);
  BOOST_REQUIRE(::connect(client.get(), to.get(), to.size) == 0);
  const std::string ours = via::own_address(client.get()).text();
  evidence::Responder behind;
  BOOST_TEST(eventually([&] {
    behind = services.vias().answerer("one", ours, services, 0);
    return behind.who == evidence::Responder::Who::service;
  }));
  BOOST_TEST(behind.service == "one");
  BOOST_TEST((services.vias().answerer("one", "127.0.0.1:1", services, 0).who == evidence::Responder::Who::unknown));
}

BOOST_AUTO_TEST_CASE(the_proxy_goes_when_all_is_stopped) {
  World world({behind_a_proxy("one")});
  const std::string via = (world.up(), world.text("${services.one.via}"));
  world.services().stop_all();
  BOOST_TEST((ask(via).how == via::Knock::How::refused));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
