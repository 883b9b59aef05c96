// Faults of the network and of HTTP, laid on what goes through mccoy's own proxy in front of a service
// (harness/target/via, ${services.x.via}). The proxy counts what it does, so a fault that nobody met has no effect; it
// lives in mccoy itself, so nothing of it can be left behind.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/target/vias.hpp"
#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;
using Kind = via::FaultKind;

constexpr std::string_view kToward[] = {"both", "service", "client"};
constexpr std::string_view kSpreads[] = {"constant", "uniform", "normal", "pareto"};

constexpr Field kTowardField{.name = "toward",
                             .type = FieldType::word,
                             .help = "the direction of the data it acts on",
                             .fallback = "both",
                             .words = kToward};
constexpr Field kShare{.name = "share",
                       .type = FieldType::number,
                       .help = "of how many connections (or requests, for HTTP) it is laid on, at most 1",
                       .fallback = "1",
                       .example = "0.2"};
constexpr Field kDelay{
    .name = "delay", .type = FieldType::duration, .help = "how much later", .required = true, .example = "100ms"};
constexpr Field kJitter{
    .name = "jitter", .type = FieldType::duration, .help = "how far the delay varies", .example = "20ms"};
constexpr Field kSpread{.name = "spread",
                        .type = FieldType::word,
                        .help = "how the delay is spread over the jitter",
                        .fallback = "uniform",
                        .words = kSpreads};
constexpr Field kAfter{
    .name = "after", .type = FieldType::duration, .help = "so long after it is laid on a connection", .example = "1s"};
constexpr Field kBytes{.name = "bytes", .type = FieldType::size, .help = "behind so many bytes", .example = "4KiB"};
constexpr Field kSomeBytes{
    .name = "bytes", .type = FieldType::size, .help = "behind so many bytes", .required = true, .example = "4KiB"};
constexpr Field kPause{.name = "delay", .type = FieldType::duration, .help = "between two pieces", .example = "10ms"};

constexpr Field kLatency[] = {kDelay, kJitter, kSpread, kTowardField, kShare};
constexpr Field kBandwidth[] = {{.name = "rate",
                                 .type = FieldType::size,
                                 .help = "bytes per second and connection",
                                 .required = true,
                                 .example = "64KiB"},
                                kTowardField,
                                kShare};
constexpr Field kShareOnly[] = {kShare};
constexpr Field kReset[] = {kAfter, kBytes, kShare};
constexpr Field kHole[] = {kAfter, kTowardField, kShare};
constexpr Field kWay[] = {kTowardField, kShare};
constexpr Field kClose[] = {kDelay, kTowardField, kShare};
constexpr Field kSlice[] = {
    {.name = "size", .type = FieldType::size, .help = "bytes of a piece", .required = true, .example = "10"},
    {.name = "variation", .type = FieldType::size, .help = "by how many bytes pieces differ", .example = "5"},
    kPause,
    kTowardField,
    kShare};
constexpr Field kLimit[] = {kSomeBytes, kTowardField, kShare};
constexpr Field kCorrupt[] = {{.name = "chance",
                               .type = FieldType::number,
                               .help = "that a byte has one bit flipped",
                               .required = true,
                               .example = "0.001"},
                              kTowardField,
                              kShare};
constexpr Field kStatus[] = {
    {.name = "status", .type = FieldType::integer, .help = "the status it answers with", .fallback = "503"}, kShare};
constexpr Field kTruncate[] = {kBytes, kShare};
constexpr Field kType[] = {
    {.name = "text", .help = "the content type it names", .required = true, .example = "text/html"}, kShare};
constexpr Field kLate[] = {kDelay, kJitter, kSpread, kShare};

template <class E>
E word(const Value& settings, const char* name, std::span<const std::string_view> words, E otherwise) {
  const auto found = std::ranges::find(words, settings[name].as_string());
  return found == words.end() ? otherwise : static_cast<E>(found - words.begin());
}

via::Fault fault_of(Kind kind, std::uint64_t seed, const Value& settings) {
  via::Fault fault{.kind = kind};
  fault.toward = word(settings, "toward", kToward, via::Toward::both);
  fault.share = settings["share"].as_double(1) * 100;
  fault.seed = seed;
  fault.delay = Duration(settings["delay"].as_int());
  fault.jitter = Duration(settings["jitter"].as_int());
  fault.spread = word(settings, "spread", kSpreads, via::Spread::uniform);
  fault.after = Duration(settings["after"].as_int());
  fault.bytes = settings["bytes"].as_int();
  fault.rate = settings["rate"].as_int();
  fault.size = settings["size"].as_int();
  fault.variation = settings["variation"].as_int();
  fault.chance = settings["chance"].as_double();
  fault.status = static_cast<int>(settings["status"].as_int(fault.status));
  fault.text = settings["text"].as_string();
  return fault;
}

class ViaFault final : public Fault {
 public:
  ViaFault(via::Proxy& proxy, via::Fault fault, std::string service)
      : proxy_(proxy), fault_(std::move(fault)), row_(via::row_of(fault_.kind)), service_(std::move(service)) {}
  ~ViaFault() override { (void)injected_.lift(); }

  FaultPlan plan() const override {
    return {.does = {fmt::format("lay {} on {:g} % of the {} through the proxy in front of {}", row_.name, fault_.share,
                                 row_.by_request ? "requests" : "connections", service_)},
            .by_hand = {},
            .through = "mccoy's own proxy"};
  }

  /// How often it was done, and whether it still is.
  Result<Reading> measure() override {
    const via::Readings done = injected_.measure();
    return Reading{.what = std::string(row_.effect),
                   .unit = "",
                   .value = static_cast<double>(done.*row_.touched),
                   .text = fmt::format("{}: {}; {} connections under it", row_.effect, done.*row_.touched, done.under),
                   .facts = via::to_value(done).set("active", injected_.active())};
  }
  bool has_effect(const Reading& before, const Reading& during) const override { return during.value > before.value; }
  bool is_healed(const Reading&, const Reading& after) const override { return !after.facts["active"].as_bool(); }

 private:
  Status inject() override {
    MCCOY_TRY(laid, proxy_.apply(fault_));
    injected_ = std::move(laid);
    return {};
  }
  Status heal() override { return injected_.lift(); }

  via::Proxy& proxy_;
  const via::Fault fault_;
  const via::FaultRow& row_;
  const std::string service_;
  via::Injected injected_;
};

std::string lacks(const FaultContext&, const Value&) {
  return "";
}

template <Kind kind>
Status check(const Value& settings, Duration) {
  return via::check(fault_of(kind, 0, settings));
}

template <Kind kind>
Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  via::Proxy* proxy = context.services->vias().find(context.service);
  if (proxy == nullptr)
    return Error{.what = "nobody goes to " + context.service + " by its proxy",
                 .hint = "write ${services." + context.service + ".via} (or .via_url) where its address stands"};
  return std::make_unique<ViaFault>(*proxy, fault_of(kind, context.seed, settings), context.service);
}

constexpr FaultKind row(std::string_view name, std::string_view summary, std::span<const Field> fields,
                        decltype(FaultKind::check) check, decltype(FaultKind::make) make) {
  return {.name = name,
          .summary = summary,
          .fields = fields,
          .needs = "the service is asked by its proxy: ${services.x.via}",
          .check = check,
          .lacks = &lacks,
          .make = make};
}

constexpr std::array kRows{
    row("latency", "data through the proxy arrives late", kLatency, &check<Kind::latency>, &make<Kind::latency>),
    row("bandwidth", "the proxy lets few bytes a second through", kBandwidth, &check<Kind::bandwidth>,
        &make<Kind::bandwidth>),
    row("refuse", "the proxy refuses connections", kShareOnly, &check<Kind::refuse>, &make<Kind::refuse>),
    row("reset", "the proxy resets connections", kReset, &check<Kind::reset>, &make<Kind::reset>),
    row("black_hole", "the proxy swallows data", kHole, &check<Kind::black_hole>, &make<Kind::black_hole>),
    row("stall", "the proxy holds data back until the fault is over", kWay, &check<Kind::stall>, &make<Kind::stall>),
    row("slow_close", "the proxy passes the end of a connection on late", kClose, &check<Kind::slow_close>,
        &make<Kind::slow_close>),
    row("slice", "the proxy sends data in small pieces", kSlice, &check<Kind::slice>, &make<Kind::slice>),
    row("limit_data", "the proxy closes a connection behind so many bytes", kLimit, &check<Kind::limit>,
        &make<Kind::limit>),
    row("corrupt", "the proxy flips bits", kCorrupt, &check<Kind::corrupt>, &make<Kind::corrupt>),
    row("http_status", "the proxy answers requests with an error", kStatus, &check<Kind::http_status>,
        &make<Kind::http_status>),
    row("http_truncate", "the proxy cuts bodies of responses off", kTruncate, &check<Kind::http_truncate>,
        &make<Kind::http_truncate>),
    row("http_type", "the proxy changes the content type of responses", kType, &check<Kind::http_type>,
        &make<Kind::http_type>),
    row("http_delay", "the proxy holds the first byte of responses back", kLate, &check<Kind::http_delay>,
        &make<Kind::http_delay>),
};
}  // namespace

std::span<const FaultKind> via_faults() {
  return kRows;
}
}  // namespace mccoy::chaos
