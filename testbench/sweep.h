// A sweep: a scenario at every point of a grid of values, and the crossovers in it, which are where
// the bottleneck of a path, the fastest paths or the winner change between neighbouring values of a
// numeric key. Each is narrowed down by bisection. Plain C++: who evaluates the points is somebody
// else's business.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "testbench/keys.h"
#include "testbench/ranking.h"

namespace copypath {

/// A key that varies, and its values as they were given.
struct Axis {
  const Key* key;
  std::vector<std::string> values;
};

/// A value for each axis.
using Point = std::vector<std::string>;

/// The results of the paths at each of the points; none at all for a point that the rules between
/// keys do not allow.
using Evaluate = std::function<std::vector<std::vector<Result>>(const std::vector<Point>&)>;

/// Every combination of the values; those of the last axis change fastest.
std::vector<Point> grid_of(const std::vector<Axis>& axes);

struct Sample {
  Point point;
  std::vector<Result> results;
  bool refined = false;  ///< not of the grid: bisection came by
};

struct Crossover {
  std::string what;  ///< "bottleneck of sendfile", "fastest" or "winner"
  std::size_t axis;  ///< the one along which it changes
  Point low;         ///< the last point before the change, in the order of the axis' numbers,
  Point high;        ///< and the first one after it
  std::string below;
  std::string above;
  bool narrowed = true;  ///< false: a rule between keys is in the way of the points between
};

/// What can change at a point: the name of each thing and what it is there.
std::vector<std::pair<std::string, std::string>> verdicts_of(const std::vector<Result>& results);

class Sweep {
public:
  /// Crossovers are narrowed down to `precision`, a share of the larger value.
  Sweep(std::vector<Axis> axes, Evaluate evaluate, double precision);

  /// Evaluates the grid, and then what bisection asks for.
  void run();

  /// Those of the grid in its order, then those of the bisection.
  const std::vector<Sample>& samples() const { return samples_; }
  /// By what changes, then in the order of the grid.
  const std::vector<Crossover>& crossovers() const { return crossovers_; }

private:
  /// Two points that differ in one axis.
  struct Bracket {
    std::size_t axis;
    std::size_t low;  // indices of samples
    std::size_t high;
    double span;  // the value of the upper neighbour in the grid
  };

  void evaluate(const std::vector<Point>& points, bool refined);
  std::vector<Bracket> neighbours() const;
  bool is_narrow(const Bracket& bracket) const;
  std::vector<Crossover> changes(const Bracket& bracket) const;
  void bisect(std::vector<Bracket> brackets);
  std::vector<double> place_of(const Crossover& crossover) const;

  std::vector<Axis> axes_;
  Evaluate evaluate_;
  double precision_;
  std::vector<Sample> samples_;
  std::map<Point, std::size_t>
      index_;  // of samples; those that the rules do not allow: kNotAllowed
  std::vector<Crossover> crossovers_;
};

}  // namespace copypath
