#include "probes/chaos/chaos_fields.hpp"

#include <algorithm>
#include <vector>

#include "probes/load_fields.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;
using suite::Match;
using suite::MetricSort;

constexpr Field kLedger[] = {
    {.name = "write",
     .type = FieldType::argv,
     .help = "Without a load: the command that writes one record; exit status 0 is its acknowledgement. {{id}} is the "
             "number of the record.",
     .example = "[redis-cli, -e, -p, \"${services.cache.port}\", SADD, ids, \"{{id}}\"]"},
    {.name = "read_back",
     .type = FieldType::texts,
     .help = "Afterwards: a command, or GET and a URL. With {{id}} it is asked for each record (exit status 0, status "
             "200: it is there; 1, 404: it is not), without it lists them all.",
     .required = true,
     .example = "[redis-cli, -p, \"${services.cache.port}\", SMEMBERS, ids]"},
    {.name = "list",
     .help = "JSON pointer to the list in what is read back; without it, or `key`, one record stands on each line.",
     .example = "/orders"},
    {.name = "key", .help = "The member of each item of the list that holds the number.", .example = "item"},
    {.name = "ordered",
     .type = FieldType::flag,
     .help = "What is read back stands in the order in which it was written.",
     .fallback = "false"},
    {.name = "writers",
     .type = FieldType::integer,
     .help = "Commands that write at the same time; 2 if not given.",
     .example = "4"},
    {.name = "pause",
     .type = FieldType::duration,
     .help = "What each of them waits between two writes; 20ms if not given.",
     .example = "100ms"},
};

constexpr Field kOwnWhile[] = {
    {.name = "cases",
     .type = FieldType::texts,
     .help = "Cases that are repeated all the time.",
     .example = "[takes-an-order]",
     .fixed = true},
    {.name = "every",
     .type = FieldType::duration,
     .help = "Between two rounds of these cases; 500ms if not given.",
     .example = "1s"},
    {.name = "ledger",
     .type = FieldType::object,
     .help = "Every write that was acknowledged is looked for afterwards. With a load its requests are the writes, and "
             "{{unique}} in them the number of the record.",
     .example = "{ read_back: \"GET ${services.orders.url}/orders\", list: /orders, key: item }",
     .fields = kLedger},
};

/// A load case's head and fields, and what a background can be besides.
std::span<const Field> while_fields() {
  static const auto rows = [] {
    const suite::KindSchema& load = probes::load_schema();
    std::vector<Field> all;
    Field head = load.head;
    head.required = false;
    all.push_back(head);
    all.insert(all.end(), std::begin(kOwnWhile), std::end(kOwnWhile));
    for (Field field : load.fields) {
      field.fallback = {};
      all.push_back(field);
    }
    return all;
  }();
  return rows;
}

std::span<const Field> chaos_fields() {
  static const std::vector<Field> rows = {
      {.name = "fault",
       .type = FieldType::objects,
       .help = "What is done, and to which service: one, several at once, or one after the other with `at`.",
       .required = true,
       .example = "{ kill: db, restart_after: 2s }",
       .fields = fault_fields()},
      {.name = "steady_state",
       .type = FieldType::texts,
       .help =
           "Cases that say that all is well. They must pass before, else nothing is injected, and again afterwards.",
       .required = true,
       .example = "[healthy]",
       .fixed = true},
      {.name = "hold",
       .type = FieldType::duration,
       .help = "How long the faults last; 5s if not given.",
       .example = "5s"},
      {.name = "recovers_within",
       .type = FieldType::duration,
       .help = "The steady state must be back so soon after the faults are undone; 30s if not given.",
       .example = "10s"},
      {.name = "expect_during",
       .type = FieldType::names,
       .help = "What a case must give while the faults last: pass (each time), fail (at least once) or any.",
       .example = "{ healthy: fail }",
       .fixed = true},
      {.name = "while",
       .type = FieldType::object,
       .help = "What goes on all the time: a load (with the fields of a load case), cases, a ledger.",
       .example = "{ load: \"POST ${services.orders.url}/orders\", rate: 100/s, json: { item: \"{{unique}}\" } }",
       .fields = while_fields()},
      {.name = "lead",
       .type = FieldType::duration,
       .help = "How long `while` goes on before the first fault; 1s if not given.",
       .example = "2s"},
      {.name = "poll",
       .type = FieldType::duration,
       .help = "Between two rounds of the steady state; 200ms if not given.",
       .example = "100ms"},
      {.name = "effect_within",
       .type = FieldType::duration,
       .help = "The effect of each fault must be measured so soon; 5s if not given.",
       .example = "1s"},
  };
  return rows;
}

constexpr suite::ExpectField kExpects[] = {
    {"steady_after", Match::word, "steady_after", "Whether the steady state came back in time.", "passed"},
    {"during", Match::word, "during", "Whether cases did what expect_during says.", "as expected"},
};

constexpr suite::Metric kMetrics[] = {
    {"time_to_detect", MetricSort::time, "From the first injection to the first thing that went wrong.", {}},
    {"time_to_recover", MetricSort::time, "From the moment the last fault began to be undone to the steady state.", {}},
    {"outage",
     MetricSort::time,
     "From the first thing that went wrong until all of it was well again; 0 if nothing did.",
     {}},
    {"errors_during",
     MetricSort::counter,
     "Requests, writes and cases that failed from the first injection until the steady state was back.",
     {}},
    {"requests_lost", MetricSort::counter, "Of the load in that time, those without a complete answer.", {}},
    {"lost_writes", MetricSort::counter, "Of the ledger: acknowledged, and not there afterwards.", {}},
    {"duplicate_writes", MetricSort::counter, "Of the ledger: there more than once.", {}},
    {"out_of_order_writes",
     MetricSort::counter,
     "Of the ledger: acknowledged before another one was sent, and standing behind it.",
     {}},
    {"acknowledged_writes", MetricSort::counter, "Of the ledger: acknowledged.", {}},
    {"unacknowledged_present",
     MetricSort::counter,
     "Of the ledger: refused or unanswered, and there all the same.",
     {}},
};
constexpr std::string_view kSources[] = {"steady_after", "during", "timeline"};
constexpr std::string_view kLate[] = {"unique"};
}  // namespace

const suite::KindSchema& chaos_schema() {
  static const suite::KindSchema schema{
      .name = "chaos",
      .summary = "injects faults, measures that they are there and gone again, and what the target made of them",
      .head = {.name = "chaos",
               .type = FieldType::object,
               .help = "What is broken, what must hold before and after, and what goes on meanwhile.",
               .required = true,
               .example = "{ fault: { kill: db }, steady_state: [healthy], recovers_within: 10s }",
               .fields = chaos_fields()},
      .fields = {},
      .expects = kExpects,
      .sources = kSources,
      .main_text = "timeline",
      .default_contract =
          "each fault was measured to be there and to be gone again; the steady state passed before and after, is real "
          "by "
          "itself, and was seen to use the service, or went wrong while the fault was there",
      .metrics = kMetrics,
      .examine = &examine_chaos,
      .late = kLate,
      .claims = true,
      .alone = true};
  return schema;
}
}  // namespace mccoy::chaos
