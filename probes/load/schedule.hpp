// The course of the load over time: pure functions of the stages and the seed. What is due when is known before the
// first byte is sent, and is the same whatever the target does and however many threads there are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "harness/base/random.hpp"
#include "probes/load/profile.hpp"

namespace mccoy::load {
/// The stages laid end to end. Keeps no reference to them.
class Course {
 public:
  explicit Course(const std::vector<Stage>& stages);
  Duration span() const { return end_; }
  std::size_t stage_at(Duration when) const;  ///< the last one behind the end
  /// Journeys per second or virtual users; 0 behind the end.
  double value_at(Duration when) const;
  double peak() const;
  /// Journeys asked for in a stage, in all of them: the area below the course.
  double count_in(std::size_t stage) const { return parts_[stage].count; }
  double count() const;
  Duration when(double n) const;  ///< the moment at which n journeys were asked for; the end when they never are

  struct Part {
    Duration begin = {}, end = {};
    double from = 0, to = 0;        ///< per second
    double before = 0;              ///< journeys asked for before it
    double count = 0;               ///< and in it
    Duration when(double n) const;  ///< the moment at which n journeys of it were asked for; 0 <= n <= count
  };
  const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
  Duration end_ = {};
};

struct Arrival {
  Duration due = {};         ///< since the load began
  std::uint64_t number = 0;  ///< 0, 1, 2 ... over the whole run
  std::uint32_t stage = 0;
};

/// The arrivals in order. Constant spacing: arrival n is due when the area below the course reaches n, so the first
/// one is due at once and a rate of 1000/s over 10 s gives 10,000. Poisson: the area between two arrivals is
/// exponential with mean 1.
class Arrivals {
 public:
  Arrivals(const Course& course, Spacing spacing, std::uint64_t seed);  ///< the course must outlive it
  std::optional<Arrival> next();

 private:
  const Course& course_;
  Spacing spacing_;
  Random random_;
  double area_ = 0;
  std::uint64_t number_ = 0;
  std::uint32_t stage_ = 0;
};
}  // namespace mccoy::load
