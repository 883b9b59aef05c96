// The quickstart as a newcomer sees it: the honest service is proven, each lying twin is refused, for the reason it
// should be.
#include "tests/e2e/mccoy.hpp"

using namespace mccoy;
using e2e::holds;
using e2e::Place;

namespace {
const std::string kSuites = std::string(MCCOY_SOURCE_DIR) + "/suites/";

e2e::Ran quickstart(const Place& place) {
  return place.mccoy({"run", kSuites + "quickstart.yaml", "--out", place.out()});
}
std::string reason(const Place& place, const std::string& id) {
  return place.cases()[id]["judgement"]["reason"].as_string();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(quickstart_suite)

BOOST_AUTO_TEST_CASE(the_honest_service_is_proven) {
  const Place place;
  const auto ran = quickstart(place);
  BOOST_TEST(ran.code == 0, ran.out << ran.err);
  for (const auto& [id, body] : place.cases()) BOOST_TEST(place.result_of(id) == "pass real", id << reason(place, id));
  BOOST_TEST(place.cases()["quickstart/priced-by-weight"]["judgement"]["strength"].as_string() == "challenged");
  BOOST_TEST(place.mccoy({"verify", place.out()}).code == 0);
}

BOOST_AUTO_TEST_CASE(canned_answers_are_refused) {
  Place place;
  place.set("ORDERS", "orders_canned");
  BOOST_TEST(quickstart(place).code == 1);
  BOOST_TEST(holds(place.result_of("quickstart/order-can-be-read"), "fail"));
  BOOST_TEST(place.result_of("quickstart/priced-by-weight") == "pass mock",
             reason(place, "quickstart/priced-by-weight"));
}

BOOST_AUTO_TEST_CASE(an_order_that_was_never_stored_is_noticed) {
  Place place;
  place.set("ORDERS", "orders_forgetful");
  BOOST_TEST(quickstart(place).code == 1);
  BOOST_TEST(holds(place.result_of("quickstart/order-is-in-the-database"), "fail"));
  BOOST_TEST(place.result_of("quickstart/healthy") == "pass real");
}

BOOST_AUTO_TEST_CASE(a_health_check_that_cannot_fail_proves_nothing) {
  Place place;
  place.set("ORDERS", "orders_always_healthy");
  BOOST_TEST(quickstart(place).code == 3);
  BOOST_TEST(place.result_of("quickstart/healthy") == "pass unproven", reason(place, "quickstart/healthy"));
  BOOST_TEST(place.result_of("quickstart/order-is-in-the-database") == "pass real");
}

BOOST_AUTO_TEST_CASE(an_older_instance_on_the_port_is_not_taken_for_the_one_of_this_run) {
  Place place;
  auto old =
      ProcessTree::start(place.command({e2e::kFixtures + "/orders", "--port", "0", "--db", place.path("old.db")}));
  BOOST_REQUIRE(old.ok());
  std::string said;
  for (const Deadline deadline = Deadline::in(e2e::kPatience); !holds(said, "\n") && !deadline.passed();) {
    char chunk[256];
    const ssize_t n = ::read(old->out(), chunk, sizeof chunk);
    if (n > 0) said.append(chunk, static_cast<std::size_t>(n));
  }
  place.set("ORDERS_PORT", said.substr(said.rfind(':') + 1, said.find('\n') - said.rfind(':') - 1));
  const auto ran = place.mccoy({"run", kSuites + "lies/stale.yaml", "--out", place.out()});
  BOOST_TEST(ran.code == 2, ran.out << ran.err);
  BOOST_TEST(!holds(place.result_of("stale/healthy"), "real"));
  BOOST_TEST(holds(ran.out, "orders"));
}

BOOST_AUTO_TEST_SUITE_END()
