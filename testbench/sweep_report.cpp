#include "testbench/sweep_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "testbench/csv.h"
#include "testbench/figures.h"
#include "testbench/table.h"

namespace copypath {

using Json = nlohmann::ordered_json;

namespace {

const char* word(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : text.c_str();
}

std::string line_of(const std::vector<Axis>& axes, const Crossover& crossover, std::size_t width) {
  const std::string others = text_of(axes, crossover.low, crossover.axis);
  const std::string sentence = fmt::format(
      "{}: {} up to {} = {}, {} from {} on{}{}", crossover.what, word(crossover.below, "none"),
      axes[crossover.axis].key->name, crossover.low[crossover.axis], word(crossover.above, "none"),
      crossover.high[crossover.axis], others.empty() ? "" : ", with " + others,
      crossover.narrowed ? "" : " (a rule between keys forbids the values between)");
  return "  " + hanging(sentence, 4, width) + "\n";
}

std::string number(const Metric& metric, const Result& result) {
  const auto value = result.value(metric.name);
  if (!value || !std::isfinite(*value)) return "";
  return metric.integer ? fmt::format("{}", std::llround(*value)) : fmt::format("{}", *value);
}

Json point_json(const std::vector<Axis>& axes, const Point& point) {
  Json at = Json::object();
  for (std::size_t i = 0; i < axes.size(); ++i) at[axes[i].key->name] = point[i];
  return at;
}

Json crossover_json(const std::vector<Axis>& axes, const Crossover& crossover) {
  Json at = point_json(axes, crossover.low);
  at.erase(axes[crossover.axis].key->name);
  return {{"what", crossover.what},
          {"key", axes[crossover.axis].key->name},
          {"at", at},
          {"low", crossover.low[crossover.axis]},
          {"high", crossover.high[crossover.axis]},
          {"below", crossover.below},
          {"above", crossover.above},
          {"narrowed", crossover.narrowed}};
}

}  // namespace

std::string text_of(const std::vector<Axis>& axes, const Point& point, std::size_t except) {
  std::string text;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (i == except) continue;
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", axes[i].key->name, point[i]);
  }
  return text;
}

std::string sweep_report(const std::vector<Axis>& axes, const Sweep& sweep, std::size_t width) {
  Table table;
  table.uniform = false;
  table.columns = {"throughput", "CPU time", "crossings", "bottleneck"};
  table.rows.push_back({"", {"", "per GB", "per byte", ""}});
  std::size_t refined = 0;
  for (const Sample& sample : sweep.samples()) {
    refined += sample.refined ? 1 : 0;
    if (sample.refined) continue;
    table.heading(text_of(axes, sample.point));
    for (const Result& result : sample.results) {
      table.row(result.path,
                {figure(result, "throughput_Bps"), figure(result, "cpu_s_per_GB"),
                 figure(result, "bus_crossings_per_byte"), word(result.bottleneck, "-")});
    }
  }
  std::string text = render(table, width) + "\nCrossovers";
  if (refined > 0) text += fmt::format(" ({} more points simulated)", refined);
  text += sweep.crossovers().empty() ? ": none\n" : ":\n";
  for (const Crossover& crossover : sweep.crossovers()) text += line_of(axes, crossover, width);
  return text;
}

std::string sweep_csv(const std::vector<Axis>& axes, const Sweep& sweep) {
  std::string text;
  for (const Axis& axis : axes) text += axis.key->name + ",";
  text += "refined,path,execution";
  for (const Metric& metric : metrics()) text += fmt::format(",{}", metric.name);
  text += ",bottleneck,delivered_ok\n";
  for (const Sample& sample : sweep.samples()) {
    std::string start;
    for (const std::string& value : sample.point) start += csv_field(value) + ",";
    for (const Result& result : sample.results) {
      text +=
          fmt::format("{}{},{},{}", start, sample.refined ? 1 : 0, result.path, result.execution);
      for (const Metric& metric : metrics()) text += "," + number(metric, result);
      text += fmt::format(",{},{}\n", result.bottleneck, result.delivered_ok);
    }
  }
  return text;
}

std::string sweep_json(const std::string& scenario, const std::vector<Axis>& axes,
                       const Sweep& sweep, double precision) {
  Json vary = Json::object();
  for (const Axis& axis : axes) vary[axis.key->name] = axis.values;
  Json samples = Json::array();
  for (const Sample& sample : sweep.samples()) {
    Json runs = Json::array();
    for (const Result& result : sample.results) runs.push_back(to_json(result));
    samples.push_back(
        {{"at", point_json(axes, sample.point)}, {"refined", sample.refined}, {"runs", runs}});
  }
  Json crossovers = Json::array();
  for (const Crossover& crossover : sweep.crossovers()) {
    crossovers.push_back(crossover_json(axes, crossover));
  }
  return Json{{"scenario", scenario},
              {"vary", vary},
              {"tie", kTie},
              {"precision", precision},
              {"crossovers", crossovers},
              {"samples", samples}}
             .dump(2) +
         "\n";
}

}  // namespace copypath
