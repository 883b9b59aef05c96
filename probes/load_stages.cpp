// rate, users, for, stages, warm_up -> the course of a load; declared in load_plan.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "probes/load_amounts.hpp"
#include "probes/load_plan.hpp"

namespace mccoy::probes {
namespace {
constexpr const char* kHowMuch = "add rate: 100/s and for: 30s, or users: 20 and for: 30s, or stages";

class StageReader {
 public:
  explicit StageReader(load::Profile& profile) : profile_(profile) {}

  Status read(const Said& said) {
    const Said stages = said["stages"], rate = said["rate"], users = said["users"];
    if (!stages.given() && !rate.given() && !users.given())
      return said["load"].refuse("this load does not say how much", kHowMuch);
    if (rate.given() && users.given())
      return users.refuse("a load has a rate or users, not both", "rate: by the clock; users: by the last answer");
    if (stages.given() && (rate.given() || users.given() || said["for"].given()))
      return stages.refuse("stages say how much and how long by themselves", "remove rate, users and for");
    if (stages.given()) {
      MCCOY_DO(start(said["start"]));
      for (std::size_t i = 0; i < stages.size(); ++i) MCCOY_DO(stage(stages.at(i), i));
    } else {
      if (said["start"].given()) return said["start"].refuse("start belongs to stages", "remove it");
      MCCOY_DO(only(rate.given() ? rate : users, said["for"]));
    }
    if (!known_) return {};
    MCCOY_DO(warm_up(said["warm_up"]));
    return says_something(stages.given() ? stages : said["load"]);
  }

 private:
  /// The level as a number; sets the model by the first one.
  Status level(const Said& said, double& out) {
    if (said.open()) {
      known_ = false;
      out = 1;
      return {};
    }
    MCCOY_TRY(amount, read_amount(said));
    const auto model = amount.users ? load::Model::closed : load::Model::open;
    if (has_model_ && model != profile_.model)
      return said.refuse("a load has rates or users, not both", "write all of them the same way");
    has_model_ = true;
    profile_.model = model;
    out = amount.value;
    return {};
  }

  Status start(const Said& said) { return said.given() ? level(said, level_) : Status(); }

  Status only(const Said& amount, const Said& span) {
    MCCOY_DO(level(amount, level_));
    if (level_ == 0) return amount.refuse("this is no load at all", kHowMuch);
    if (!span.given()) return amount.refuse("how long?", "add for: 30s");
    if (span.open()) {
      known_ = false;
      return {};
    }
    MCCOY_TRY(length, read_span(span, "for"));
    profile_.stages.push_back({.name = std::string(kOnlyStage), .from = level_, .to = level_, .span = length});
    return {};
  }

  Status stage(const Said& said, std::size_t index) {
    const Said to = said["to"], hold = said["hold"], over = said["over"], span = said["for"];
    if (to.given() && hold.given()) return hold.refuse("a stage goes to a level or holds one", "make two stages of it");
    if (hold.given() && over.given()) return over.refuse("a level is held for a time", "write for: instead of over:");
    if (to.given() && span.given()) return span.refuse("a level is reached over a time", "write over: instead of for:");
    if (!to.given() && !span.given())
      return said.refuse("this stage does not say how long", "for example { hold: 100/s, for: 30s }");
    load::Stage stage{.name = said["name"].given() ? said["name"].text() : fmt::format("stage {}", index + 1)};
    MCCOY_DO(name(said, stage.name));
    const Said& length = to.given() ? over : span;
    const bool open = length.open();
    known_ = known_ && !open;
    if (open) {
      stage.span = std::chrono::seconds(1);
    } else {
      MCCOY_TRY(read, read_span(length.given() ? length : said, to.given() ? "over" : "for"));
      stage.span = read;
    }
    stage.from = level_;
    if (to.given()) MCCOY_DO(level(to, level_));
    if (hold.given()) {
      MCCOY_DO(level(hold, level_));
      stage.from = level_;
    }
    stage.to = level_;
    if (said["counted"].given()) stage.counted = said["counted"].value().as_bool(true);
    profile_.stages.push_back(std::move(stage));
    return {};
  }

  Status name(const Said& said, const std::string& name) const {
    if (name.empty() || name.find_first_of("{}:,\t\n") != std::string::npos)
      return said["name"].refuse(fmt::format("\"{}\" is no name for a stage", visible_line(name, 40)),
                                 "for example hold");
    if (std::ranges::find(profile_.stages, name, &load::Stage::name) != profile_.stages.end() || name == kWarmUp)
      return said["name"].refuse(fmt::format("a stage is called \"{}\" already", name), "give each its own name");
    return {};
  }

  /// Holds the first level that is not nothing; reported, and no part of the figures.
  Status warm_up(const Said& said) {
    if (!said.given() || said.open()) return {};
    MCCOY_TRY(span, read_span(said, "warm_up"));
    const load::Stage& first = profile_.stages.front();
    const double at = first.from > 0 ? first.from : first.to;
    profile_.stages.insert(profile_.stages.begin(),
                           {.name = std::string(kWarmUp), .from = at, .to = at, .span = span, .counted = false});
    return {};
  }

  Status says_something(const Said& said) const {
    const bool any = std::ranges::any_of(
        profile_.stages, [](const load::Stage& stage) { return stage.counted && (stage.from > 0 || stage.to > 0); });
    if (!any) return said.refuse("no counted stage has any load", kHowMuch);
    double journeys = 0;
    for (const load::Stage& stage : profile_.stages)
      journeys += (stage.from + stage.to) / 2 * std::chrono::duration<double>(stage.span).count();
    if (profile_.model == load::Model::open && journeys < 1)
      return said.refuse("in this time not a single request is due", "a higher rate, or longer");
    return {};
  }

  load::Profile& profile_;
  double level_ = 0;
  bool known_ = true, has_model_ = false;
};
}  // namespace

Status plan_stages(const Said& said, load::Profile& profile) {
  return StageReader(profile).read(said);
}
}  // namespace mccoy::probes
