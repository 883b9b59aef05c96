// What surrounds a target: its disk, its clock, the names it knows, its network.
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "harness/base/undo_record.hpp"
#include "tests/probes/chaos/arena.hpp"

using namespace mccoy;
using namespace mccoy::chaos;
using namespace mccoy::chaos::testing;

namespace {
const Value kNothing = Value::map();

bool lacking(Arena& arena, const std::string& fault, const Value& settings, const std::string& service = "db") {
  const auto why = arena.lacks(fault, settings, service);
  if (!why.empty()) BOOST_TEST_MESSAGE(fault << " cannot be done here: " << why);
  return !why.empty();
}

std::string mounts() {
  std::ifstream file("/proc/self/mounts");
  return {std::istreambuf_iterator<char>(file), {}};
}

double clock_error_ms(const Arena& arena) {
  return number_in(arena.ask("now")) - static_cast<double>(wall_ms());
}

/// A network namespace with a pair of devices to ours, gone with its owner.
class Network {
 public:
  Network() {
    BOOST_REQUIRE(ip("netns add " + name_));
    BOOST_REQUIRE(ip("link add " + name_ + "h type veth peer name eth0 netns " + name_));
    BOOST_REQUIRE(ip("addr add 10.213.77.1/30 dev " + name_ + "h") && ip("link set " + name_ + "h up"));
    for (const char* inside : {"addr add 10.213.77.2/30 dev eth0", "link set eth0 up", "link set lo up"})
      BOOST_REQUIRE(ip("-n " + name_ + " " + inside));
  }
  ~Network() { (void)ip("netns del " + name_); }
  Network(const Network&) = delete;
  const std::string& name() const { return name_; }

 private:
  static bool ip(const std::string& words) {
    auto env = base_environment();
    set_env(env, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    const auto ran = run_command({.argv = {"/bin/sh", "-c", "ip " + words}, .env = env}, Deadline::in(seconds(10)));
    return ran.ok() && ran->ended.exited && ran->ended.code == 0;
  }
  static inline int count_ = 0;  // the devices of the one before go a moment after it
  std::string name_ = "mcc" + std::to_string(::getpid() % 100000) + "n" + std::to_string(++count_);
};

/// Answers in that network; ready when it says so, for nobody here can connect to its 127.0.0.1.
suite::Service inside(const Network& network, const std::string& name) {
  auto service = doer(name);
  service.run = target::testing::argv({"/usr/sbin/ip", "netns", "exec", network.name(), kDoer, "--port", "${port}"});
  service.ready = target::testing::ready_by(suite::Ready::How::log, "listening");
  return service;
}

/// Somebody types what the plan says for the worst case, while the fault lasts.
///   use      makes the effect seen
///   instead  something else is typed
///   returns  what is said of it then
std::string taken_away(Arena& arena, const std::string& fault, const Value& settings, const std::string& service,
                       const std::function<void()>& use, const std::string& instead = "") {
  auto made = arena.make(fault, settings, service);
  const FaultPlan plan = made->plan();
  auto active = ActiveFault::inject(std::move(made), arena.context(service));
  BOOST_REQUIRE_MESSAGE(active.ok(), (active.ok() ? "" : active.error().what));
  use();
  BOOST_TEST(has_effect(**active));
  auto env = base_environment();
  set_env(env, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
  BOOST_TEST(!plan.by_hand.empty());
  for (const auto& words : instead.empty() ? plan.by_hand : Texts{instead}) {
    const auto ran = run_command({.argv = {"/bin/sh", "-c", words}, .env = env}, Deadline::in(seconds(20)));
    BOOST_REQUIRE(ran.ok());
    BOOST_TEST((ran->ended.exited && ran->ended.code == 0), words + ": " + ran->err.text());
  }
  BOOST_TEST(heals(**active));
  return (*active)->fell_short();
}
}  // namespace

BOOST_AUTO_TEST_SUITE(surroundings)

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_writes_until_it_is_healed) {
  const std::string before = mounts();
  {
    Arena arena;
    const Value settings = Value::map({{"disk", "1MiB"}});
    arena.with("disk_full", settings).up();
    if (lacking(arena, "disk_full", settings)) return;
    BOOST_TEST(arena.ask("write f 1000") == "ok");
    const auto fault = arena.inject("disk_full", settings);
    BOOST_TEST(has_effect(*fault));
    BOOST_TEST(holds(arena.ask("write g 100000"), "ENOSPC"));
    BOOST_TEST(heals(*fault));
    BOOST_TEST(arena.ask("write f 100000") == "ok");
  }
  BOOST_TEST(mounts() == before);
}

BOOST_AUTO_TEST_CASE(a_disk_with_room_left_shows_no_effect) {
  Arena arena;
  const Value settings = Value::map({{"disk", "1MiB"}});
  arena.with("disk_full", settings).up();
  if (lacking(arena, "disk_full", settings)) return;
  const auto fault = arena.inject("disk_full", settings);
  for (const auto& entry : std::filesystem::directory_iterator(arena.dir())) std::filesystem::remove(entry);
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_read_only_disk_refuses_to_open_for_writing) {
  Arena arena;
  arena.with("read_only", kNothing).up();
  if (lacking(arena, "read_only", kNothing)) return;
  BOOST_TEST(arena.ask("write f 10") == "ok");
  const auto fault = arena.inject("read_only", kNothing);
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(arena.ask("write f 10") == "open EROFS");
  BOOST_TEST(arena.ask("read f").starts_with("ok 10"));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(arena.ask("write f 10") == "ok");
}

BOOST_AUTO_TEST_CASE(a_service_on_the_common_disk_is_said_to_lack_its_own) {
  Arena arena;
  arena.up();
  BOOST_TEST(holds(arena.lacks("disk_full", kNothing), "without a file system of its own"));
}

BOOST_AUTO_TEST_CASE(a_clock_that_who_answers_does_not_read_shows_no_effect) {
  auto service = doer("db");
  service.run = target::testing::argv(
      {"/bin/sh", "-c", "env -u LD_PRELOAD " + kDoer + " --port \"$1\" --dir \"$2\"; exit", "sh", "${port}", "${dir}"});
  Arena arena({service});
  const Value settings = Value::map({{"by", "+2h"}});
  arena.with("clock", settings).up();
  if (lacking(arena, "clock", settings)) return;
  const auto fault = arena.inject("clock", settings);
  BOOST_TEST(!has_effect(*fault, milliseconds(300)));
  BOOST_TEST(holds(fault->course().during->text, "listen on its ports have not"));
  BOOST_TEST(heals(*fault));
}

BOOST_AUTO_TEST_CASE(a_table_is_found_in_a_network_that_nobody_is_in_any_more) {
  if (::geteuid() != 0 || find_program("nft", "/usr/sbin:/sbin", "/").empty()) return;
  const Network network;
  const auto inside = [&](Texts words) {
    words.insert(words.begin(), {"/usr/sbin/ip", "netns", "exec", network.name(), "/usr/sbin/nft"});
    return run_command({.argv = words, .env = base_environment()}, Deadline::in(seconds(10)))->out.text();
  };
  struct stat found {};
  BOOST_REQUIRE(::stat(("/run/netns/" + network.name()).c_str(), &found) == 0);
  (void)inside({"add", "table", "inet", "mccoy_left"});
  BOOST_REQUIRE(holds(inside({"list", "tables"}), "mccoy_left"));
  const UndoOrder order{.what = Undo::What::nft_table, .bytes = "inet mccoy_left", .network = found.st_ino};
  BOOST_TEST(holds(by_hand(order), "/run/netns/" + network.name()), by_hand(order));
  BOOST_TEST(carry_out(order).ok());
  BOOST_TEST(inside({"list", "tables"}) == "");
  BOOST_TEST(carry_out(order).ok());
  const UndoOrder gone{.what = Undo::What::nft_table, .bytes = "inet mccoy_left", .network = 1};
  BOOST_TEST(carry_out(gone).ok());
}

BOOST_AUTO_TEST_CASE(a_wrong_clock_is_seen_by_the_target_and_right_again) {
  for (const auto& [by, seconds_off] : {std::pair{"-1d", -86400.0}, std::pair{"+2h", 7200.0}}) {
    Arena arena;
    const Value settings = Value::map({{"by", by}});
    arena.with("clock", settings).up();
    if (lacking(arena, "clock", settings)) return;
    BOOST_TEST(std::abs(clock_error_ms(arena)) < 2000);
    const auto fault = arena.inject("clock", settings);
    BOOST_TEST(has_effect(*fault));
    BOOST_TEST(std::abs(clock_error_ms(arena) - seconds_off * 1000) < 2000);
    BOOST_TEST(number_in(arena.ask("spin 20")) >= 0);  // clocks that count are left alone
    BOOST_TEST(heals(*fault));
    BOOST_TEST(std::abs(clock_error_ms(arena)) < 2000);
  }
}

BOOST_AUTO_TEST_CASE(a_program_that_does_not_load_the_library_shows_no_effect) {
  auto apart = doer("db");
  apart.run = target::testing::argv({"/usr/bin/env", "-u", "LD_PRELOAD", kDoer, "--port", "${port}"});
  Arena arena({apart});
  const Value settings = Value::map({{"by", "+2h"}});
  arena.with("clock", settings).up();
  if (lacking(arena, "clock", settings)) return;
  const auto fault = arena.inject("clock", settings);
  BOOST_TEST(!has_effect(*fault, milliseconds(50)));
  BOOST_TEST(std::abs(clock_error_ms(arena)) < 2000);
}

BOOST_AUTO_TEST_CASE(a_name_resolves_as_asked_for_this_service_only) {
  struct Case {
    Value settings;
    const char* answer;
  };
  const Case kCases[] = {{Value::map({{"name", "Shop.test"}, {"to", "127.0.0.9"}}), "ok 127.0.0.9"},
                         {Value::map({{"name", "shop.test"}}), "resolve EAI_"},
                         {Value::map({{"name", "localhost"}, {"delay", "300ms"}}), "ok 127.0.0.1"}};
  for (const auto& one : kCases) {
    Arena arena({doer("db"), doer("other")});
    arena.with("names", one.settings).up();
    if (lacking(arena, "names", one.settings)) return;
    const std::string name = one.settings["name"].as_string();
    const std::string before = arena.ask("resolve " + name, "other");
    const auto fault = arena.inject("names", one.settings);
    BOOST_TEST(!has_effect(*fault, milliseconds(20)));  // nobody has asked
    const auto begun = Clock::now();
    const auto said = arena.ask("resolve " + name);
    BOOST_TEST(said.starts_with(one.answer), said);
    if (one.settings.find("delay") != nullptr) BOOST_TEST((Clock::now() - begun >= milliseconds(300)));
    BOOST_TEST(arena.ask("resolve " + name, "other").substr(0, 12) == before.substr(0, 12));
    BOOST_TEST(has_effect(*fault));
    BOOST_TEST(heals(*fault));
    BOOST_TEST(arena.ask("resolve localhost").starts_with("ok 127.0.0.1"));
  }
}

BOOST_AUTO_TEST_CASE(the_network_of_the_machine_is_never_touched) {
  Arena arena;
  arena.up();
  if (::geteuid() != 0) return;
  for (const char* fault : {"packet_loss", "packet_delay"}) {
    const Value settings =
        std::string_view(fault) == "packet_loss" ? Value::map({{"share", "0.5"}}) : Value::map({{"by", "1ms"}});
    const auto why = arena.lacks(fault, settings);
    BOOST_TEST((holds(why, "no network namespace of its own") || holds(why, "not installed")), why);
  }
}

BOOST_AUTO_TEST_CASE(packets_between_two_services_are_dropped_in_the_network_of_one) {
  if (::geteuid() != 0) return;
  const Network network;
  Arena arena({doer("db"), inside(network, "shop")});
  arena.up();
  const Value settings = Value::map({{"from", "db"}});
  if (lacking(arena, "partition", settings, "shop")) return;
  const auto connect = "connect " + std::to_string(arena.world().port("db")) + " 10.213.77.1";
  const auto to_shop = [&](const std::string& line) { return ask(arena.world().port("shop"), line, "10.213.77.2"); };
  BOOST_REQUIRE(comes_true([&] { return to_shop("pid").starts_with("ok"); }));
  BOOST_TEST(to_shop(connect).starts_with("ok"));
  const auto fault = arena.inject("partition", settings, "shop");
  BOOST_TEST(!has_effect(*fault, milliseconds(30)));
  BOOST_TEST(!to_shop(connect).starts_with("ok"));
  BOOST_TEST(has_effect(*fault));
  BOOST_TEST(heals(*fault));
  BOOST_TEST(to_shop(connect).starts_with("ok"));
}

BOOST_AUTO_TEST_CASE(lost_packets_are_counted) {
  if (::geteuid() != 0) return;
  const Network network;
  Arena arena({inside(network, "shop")});
  arena.up();
  const Value settings = Value::map({{"share", "1"}});
  if (lacking(arena, "packet_loss", settings, "shop")) return;
  const auto to_shop = [&] { return ask(arena.world().port("shop"), "pid", "10.213.77.2"); };
  BOOST_REQUIRE(comes_true([&] { return to_shop().starts_with("ok"); }));
  {
    const auto fault = arena.inject("packet_loss", settings, "shop");
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, "10.213.77.2", &address.sin_addr);
    address.sin_port = htons(static_cast<std::uint16_t>(arena.world().port("shop")));
    (void)::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    BOOST_TEST(has_effect(*fault));
    BOOST_TEST(heals(*fault));
  }
  BOOST_TEST(to_shop().starts_with("ok"));
}

/// The effect was there and then it was not: that is less than was asked for, and no proof of what held meanwhile.
BOOST_AUTO_TEST_CASE(a_fault_that_somebody_takes_away_fell_short) {
  const auto nothing = [] {};
  const struct {
    const char* fault;
    Value settings;
    std::string sentence, instead = "";
  } kDisks[] = {{"read_only", kNothing, "somebody made the disk of db writable again"},
                {"disk_full", Value::map({{"disk", "1MiB"}}), "somebody made room on the disk of db"},
                {"disk_full", Value::map({{"disk", "1MiB"}}), "somebody made room on the disk of db",
                 "truncate -s 0 DIR/.mccoy-ballast-*"},
                {"disk_full", Value::map({{"disk", "1MiB"}}), "somebody made room on the disk of db",
                 "mount -o remount,size=2m DIR"}};
  for (const auto& disk : kDisks) {
    Arena arena;
    arena.with(disk.fault, disk.settings).up();
    if (lacking(arena, disk.fault, disk.settings)) continue;
    std::string instead = disk.instead;
    if (const auto at = instead.find("DIR"); at != std::string::npos) instead.replace(at, 3, arena.dir());
    BOOST_TEST(taken_away(arena, disk.fault, disk.settings, "db", nothing, instead) == disk.sentence, instead);
  }
  Arena arena;
  const Value name = Value::map({{"name", "shop.test"}, {"to", "127.0.0.9"}});
  arena.with("names", name).up();
  if (lacking(arena, "names", name)) return;
  BOOST_TEST(taken_away(arena, "names", name, "db", [&] { (void)arena.ask("resolve shop.test"); }) ==
             "somebody took its name files away from db");
}

BOOST_AUTO_TEST_CASE(so_did_rules_of_a_network_that_somebody_removes) {
  if (::geteuid() != 0) return;
  const Network network;
  Arena arena({doer("db"), inside(network, "shop")});
  arena.up();
  const auto to_shop = [&](const std::string& line) { return ask(arena.world().port("shop"), line, "10.213.77.2"); };
  BOOST_REQUIRE(comes_true([&] { return to_shop("pid").starts_with("ok"); }));
  const Value from = Value::map({{"from", "db"}});
  if (lacking(arena, "partition", from, "shop")) return;
  const auto use = [&] { (void)to_shop("connect " + std::to_string(arena.world().port("db")) + " 10.213.77.1"); };
  BOOST_TEST(taken_away(arena, "partition", from, "shop", use) == "somebody removed the rules of shop");
}

BOOST_AUTO_TEST_SUITE_END()
