// A connection through a proxy of mccoy's own: to the service behind it when that answered, to nobody when it did not.
#include "harness/judge/follow.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/harness/judge/bench.hpp"

namespace mccoy::judge {
namespace {
using namespace made;
using evidence::Facts;
using evidence::Responder;

evidence::SeenProcess process_of(int pid) {
  auto seen = process("/srv/program", "ab", static_cast<std::uint64_t>(pid));
  seen.id = {pid, 5};
  return seen;
}

/// The probe asked orders through its proxy.
Facts asked_through() {
  Facts facts;
  evidence::SeenService orders;
  orders.name = "orders";
  orders.alive = orders.started_by_us = true;
  orders.listeners = {process_of(7)};
  facts.services = {orders};
  Responder mccoy;
  mccoy.how = Responder::How::accepted;
  mccoy.who = Responder::Who::harness;
  mccoy.expected_service = "orders";
  mccoy.started_before_run = true;
  mccoy.processes = {process_of(1)};
  mccoy.local = "127.0.0.1:40000";
  mccoy.peer = "127.0.0.1:18080";
  mccoy.bytes_out = 100;
  mccoy.bytes_in = 200;
  mccoy.requests = 1;
  facts.responder = mccoy;
  Responder behind;
  behind.how = Responder::How::accepted;
  behind.who = Responder::Who::service;
  behind.service = "orders";
  behind.processes = {process_of(7)};
  facts.vias = {
      {.service = "orders",
       .at = "127.0.0.1:18080",
       .to = "127.0.0.1:9000",
       .answerer = behind,
       .links = {{.client = "127.0.0.1:39999", .own = "127.0.0.1:50000", .to_service = 9, .to_client = 9},
                 {.client = "127.0.0.1:40000", .own = "127.0.0.1:50001", .to_service = 100, .to_client = 200}}}};
  return facts;
}

Terms listener_terms() {
  Terms terms;
  terms.contract = {obligation("listener", Value::map({{"svc", "orders"}}))};
  return terms;
}
ObligationStatus listener_of(const Facts& facts) {
  return weigh(listener_terms(), followed(facts)).front().status;
}

BOOST_AUTO_TEST_SUITE(follow_a_proxy)

BOOST_AUTO_TEST_CASE(the_service_behind_it_answered) {
  const Facts facts = asked_through();
  BOOST_TEST(weigh(listener_terms(), facts).front().status == ObligationStatus::broken);  // it is mccoy that listens
  BOOST_TEST(listener_of(facts) == ObligationStatus::held);
  const Facts direct = followed(facts);
  BOOST_TEST(direct.responder->service == "orders");
  BOOST_TEST(direct.responder->expected_service == "orders");
  BOOST_TEST(!direct.responder->started_before_run);
  BOOST_TEST(direct.responder->bytes_in == 200);
}

BOOST_AUTO_TEST_CASE(to_follow_twice_changes_nothing_more) {
  const Facts once = followed(asked_through());
  BOOST_TEST(to_json(to_value(followed(once))) == to_json(to_value(once)));
}

BOOST_AUTO_TEST_CASE(what_the_proxy_kept_or_said_itself_is_nobodys_answer) {
  Facts kept = asked_through();
  kept.vias[0].links[1].to_service = 0;
  Facts silent = asked_through();
  silent.vias[0].links[1].to_client = 0;
  Facts replaced = asked_through();
  replaced.vias[0].links[1].answered_by_proxy = 1;
  Facts unknown = asked_through();
  unknown.vias[0].links.pop_back();
  for (const Facts& facts : {kept, silent, replaced, unknown}) {
    const Facts direct = followed(facts);
    BOOST_TEST((direct.responder->who == Responder::Who::unknown));
    BOOST_TEST(!direct.responder->why_unseen.empty());
    const auto weight = weigh(listener_terms(), direct).front();
    BOOST_TEST(weight.status != ObligationStatus::broken);  // a fault of ours accuses nobody
  }
}

BOOST_AUTO_TEST_CASE(a_stranger_behind_it_is_a_stranger) {
  Facts facts = asked_through();
  facts.vias[0].answerer.who = Responder::Who::stranger;
  facts.vias[0].answerer.service.clear();
  facts.vias[0].answerer.processes = {process_of(99)};
  BOOST_TEST(listener_of(facts) == ObligationStatus::broken);
}

Facts command_through(std::vector<std::string> locals, std::int64_t made) {
  Facts facts = asked_through();
  facts.responder.reset();
  evidence::Activity activity;
  activity.mechanism = "seccomp-notify";
  activity.programs = {{.process = process_of(3)}};
  activity.programs_complete = activity.sockets_complete = true;
  activity.connections = {{.by = 0,
                           .to = "127.0.0.1:18080",
                           .protocol = "tcp",
                           .tried = made,
                           .made = made,
                           .bytes_out = 100,
                           .bytes_in = 200,
                           .bytes_complete = true,
                           .peers = {process_of(1)},
                           .locals = std::move(locals)}};
  facts.activity = std::move(activity);
  return facts;
}
ObligationStatus connect_of(const Facts& facts) {
  Terms terms;
  terms.contract = {obligation("connect", Value::map({{"to", "orders"}}))};
  return weigh(terms, followed(facts)).front().status;
}

BOOST_AUTO_TEST_CASE(a_command_that_went_by_it_talked_to_the_service) {
  BOOST_TEST(connect_of(command_through({"127.0.0.1:40000"}, 1)) == ObligationStatus::held);
}

BOOST_AUTO_TEST_CASE(a_connection_that_cannot_be_told_apart_shows_and_denies_nothing) {
  BOOST_TEST(connect_of(command_through({}, 1)) == ObligationStatus::unseen);
  BOOST_TEST(connect_of(command_through({"127.0.0.1:41111"}, 1)) == ObligationStatus::unseen);
}

BOOST_AUTO_TEST_CASE(a_command_whose_bytes_never_got_there_did_not_talk_to_it) {
  Facts facts = command_through({"127.0.0.1:40000"}, 1);
  facts.vias[0].links[1].to_service = facts.vias[0].links[1].to_client = 0;
  BOOST_TEST(connect_of(facts) != ObligationStatus::held);
}

BOOST_AUTO_TEST_CASE(what_a_proxy_carried_survives_the_journal) {
  const Facts facts = command_through({"127.0.0.1:40000"}, 1);
  const Value kept = to_value(facts);
  BOOST_TEST(to_json(to_value(evidence::facts_from_value(kept))) == to_json(kept));
  BOOST_TEST(evidence::facts_from_value(kept).vias.front().links.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace
}  // namespace mccoy::judge
