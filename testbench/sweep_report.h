// What a sweep has found, in the three forms in which it is told: a report for people, CSV for
// spreadsheets and plots, JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "testbench/sweep.h"

namespace copypath {

/// The grid, a line for each path at each point, and the crossovers.
std::string sweep_report(const std::vector<Axis>& axes, const Sweep& sweep, std::size_t width);

/// A row for each path at each sample: the varied keys, `refined` (0 or 1), `path`, every metric,
/// `bottleneck` and `delivered_ok`. What is not known is empty.
std::string sweep_csv(const std::vector<Axis>& axes, const Sweep& sweep);

/// The samples with their whole result records, and the crossovers.
std::string sweep_json(const std::string& scenario, const std::vector<Axis>& axes,
                       const Sweep& sweep, double precision);

/// "nic.rate = 10Gbps, workload.chunk = 64KiB"; without the axis `except`.
std::string text_of(const std::vector<Axis>& axes, const Point& point,
                    std::size_t except = ~std::size_t{0});

}  // namespace copypath
