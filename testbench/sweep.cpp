#include "testbench/sweep.h"

#include <algorithm>

#include "testbench/key_numbers.h"

namespace copypath {

namespace {

constexpr std::size_t kNotAllowed = ~std::size_t{0};

std::string listed(const std::vector<Result>& results, const std::vector<std::size_t>& chosen) {
  std::string names;
  for (const std::size_t i : chosen) names += (names.empty() ? "" : " ") + results[i].path;
  return names.empty() ? "none" : names;
}

/// The order in which kinds of changes are reported.
int rank(const std::string& what) { return what == "winner" ? 0 : what == "fastest" ? 1 : 2; }

}  // namespace

std::vector<Point> grid_of(const std::vector<Axis>& axes) {
  std::vector<Point> points{{}};
  for (const Axis& axis : axes) {
    std::vector<Point> longer;
    for (const Point& point : points) {
      for (const std::string& value : axis.values) {
        longer.push_back(point);
        longer.back().push_back(value);
      }
    }
    points = std::move(longer);
  }
  return points;
}

std::vector<std::pair<std::string, std::string>> verdicts_of(const std::vector<Result>& results) {
  std::vector<std::pair<std::string, std::string>> verdicts;
  if (results.size() > 1) {
    const auto best = winner(results);
    verdicts.emplace_back("winner", best ? results[*best].path : "none");
    verdicts.emplace_back("fastest", listed(results, fastest(results)));
  }
  for (const Result& result : results) {
    verdicts.emplace_back("bottleneck of " + result.path, result.bottleneck);
  }
  return verdicts;
}

Sweep::Sweep(std::vector<Axis> axes, Evaluate evaluate, double precision)
    : axes_(std::move(axes)), evaluate_(std::move(evaluate)), precision_(precision) {}

void Sweep::run() {
  evaluate(grid_of(axes_), false);
  bisect(neighbours());
  std::stable_sort(crossovers_.begin(), crossovers_.end(),
                   [this](const Crossover& a, const Crossover& b) {
                     if (rank(a.what) != rank(b.what)) return rank(a.what) < rank(b.what);
                     return a.what != b.what ? a.what < b.what : place_of(a) < place_of(b);
                   });
}

/// Where a crossover comes in the order of the grid.
std::vector<double> Sweep::place_of(const Crossover& crossover) const {
  std::vector<double> place{static_cast<double>(crossover.axis)};
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (i == crossover.axis) continue;
    const auto& values = axes_[i].values;
    place.push_back(static_cast<double>(std::find(values.begin(), values.end(), crossover.low[i]) -
                                        values.begin()));
  }
  place.push_back(*number_of(*axes_[crossover.axis].key, crossover.low[crossover.axis]));
  return place;
}

void Sweep::evaluate(const std::vector<Point>& points, bool refined) {
  std::vector<std::vector<Result>> results = evaluate_(points);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (results[i].empty()) {
      index_[points[i]] = kNotAllowed;
      continue;
    }
    index_[points[i]] = samples_.size();
    samples_.push_back({points[i], std::move(results[i]), refined});
  }
}

/// Points of the grid beside one another along each numeric axis.
std::vector<Sweep::Bracket> Sweep::neighbours() const {
  std::vector<Bracket> brackets;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    const Key& key = *axes_[axis].key;
    std::vector<std::string> values;
    for (const std::string& value : axes_[axis].values) {
      if (number_of(key, value)) values.push_back(value);
    }
    std::sort(values.begin(), values.end(), [&](const std::string& a, const std::string& b) {
      return *number_of(key, a) < *number_of(key, b);
    });
    for (const Point& point : grid_of(axes_)) {
      const auto here = std::find(values.begin(), values.end(), point[axis]);
      if (here == values.end() || here + 1 == values.end()) continue;
      Point next = point;
      next[axis] = *(here + 1);
      const std::size_t low = index_.at(point);
      const std::size_t high = index_.at(next);
      if (low == kNotAllowed || high == kNotAllowed) continue;
      brackets.push_back({axis, low, high, *number_of(key, next[axis])});
    }
  }
  return brackets;
}

bool Sweep::is_narrow(const Bracket& bracket) const {
  const Key& key = *axes_[bracket.axis].key;
  const double low = *number_of(key, samples_[bracket.low].point[bracket.axis]);
  const double high = *number_of(key, samples_[bracket.high].point[bracket.axis]);
  // What changes at zero itself is near enough to it at some time.
  return high - low <= precision_ * std::max(high, precision_ * bracket.span);
}

std::vector<Crossover> Sweep::changes(const Bracket& bracket) const {
  const Sample& low = samples_[bracket.low];
  const Sample& high = samples_[bracket.high];
  const auto above = verdicts_of(high.results);
  std::vector<Crossover> found;
  for (const auto& [what, is] : verdicts_of(low.results)) {
    for (const auto& [same, becomes] : above) {
      if (same != what || is == becomes) continue;
      found.push_back({what, bracket.axis, low.point, high.point, is, becomes, true});
    }
  }
  return found;
}

void Sweep::bisect(std::vector<Bracket> brackets) {
  while (!brackets.empty()) {
    struct Wanted {
      Bracket bracket;
      Point middle;
    };
    std::vector<Wanted> wanted;
    std::vector<Point> unknown;
    for (const Bracket& bracket : brackets) {
      const std::vector<Crossover> found = changes(bracket);
      if (found.empty()) continue;
      const std::size_t axis = bracket.axis;
      Point middle = samples_[bracket.low].point;
      const auto value =
          halfway(*axes_[axis].key, middle[axis], samples_[bracket.high].point[axis]);
      if (is_narrow(bracket) || !value) {
        crossovers_.insert(crossovers_.end(), found.begin(), found.end());
        continue;
      }
      middle[axis] = *value;
      if (index_.count(middle) == 0 &&
          std::find(unknown.begin(), unknown.end(), middle) == unknown.end()) {
        unknown.push_back(middle);
      }
      wanted.push_back({bracket, middle});
    }
    if (!unknown.empty()) evaluate(unknown, true);
    brackets.clear();
    for (const auto& [bracket, middle] : wanted) {
      const std::size_t at = index_.at(middle);
      if (at == kNotAllowed) {
        for (Crossover& crossover : changes(bracket)) {
          crossover.narrowed = false;
          crossovers_.push_back(crossover);
        }
        continue;
      }
      brackets.push_back({bracket.axis, bracket.low, at, bracket.span});
      brackets.push_back({bracket.axis, at, bracket.high, bracket.span});
    }
  }
}

}  // namespace copypath
