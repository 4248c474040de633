// The rows are made once (rows_of()); each form only sets them.
#include "testbench/validation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "testbench/figures.h"
#include "testbench/quantity.h"
#include "testbench/table.h"

namespace copypath {

namespace {

/// A calibrated profile is measured anew beside every scenario, and one of them is shown.
std::string profile_heading(const Validation& validation) {
  return validation.host.empty() ? "Host profile, as calibrated beside one of the scenarios"
                                 : "Host profile";
}

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 9> kColumns{"predicted", "measured", "spread",
                                              "error",     "ratio",    "measured",
                                              "error",     "counters", "verdict"};

struct Row {
  std::string path;
  std::array<std::string, kColumns.size()> cells;
  bool fine = true;
};

std::string signed_percent(double share) { return fmt::format("{:+.1f} %", 100 * share); }

std::vector<const Figure*> wrong_counters(const ValidatedPath& path) {
  std::vector<const Figure*> wrong;
  for (const Figure& counter : path.counters) {
    if (!agrees(counter, path)) wrong.push_back(&counter);
  }
  return wrong;
}

/// What the scenario is about: the throughput of a wire, or the CPU time.
const Figure& main_figure(const ValidatedScenario& scenario, const ValidatedPath& path) {
  return scenario.validates == Validates::kWire ? path.throughput : path.cpu;
}

bool within(const ValidatedScenario& scenario, const ValidatedPath& path) {
  switch (scenario.validates) {
    case Validates::kWire:
      return agrees_on_wire(path);
    case Validates::kCpuTime:
      return !path.ratio || std::abs(path.ratio->error()) <= kWorstOfRatios;
    case Validates::kCountersOnly:
      break;
  }
  return true;
}

Row row_of(const ValidatedScenario& scenario, const ValidatedPath& path, bool timing) {
  Row row;
  row.path = path.path;
  row.cells.fill("-");
  if (!path.skipped.empty()) {
    row.cells.back() = "skipped";
    return row;
  }
  const Figure& main = main_figure(scenario, path);
  const Unit unit =
      scenario.validates == Validates::kWire ? Unit::kBytesPerSecond : Unit::kSecondsPerGB;
  row.cells[0] = figure(main.predicted, unit);
  row.cells[1] = figure(main.measured, unit);
  row.cells[2] = percent(main.spread);
  row.cells[3] = signed_percent(main.error());
  if (path.ratio) {
    row.cells[4] = figure(path.ratio->predicted, Unit::kRatio);
    row.cells[5] = figure(path.ratio->measured, Unit::kRatio);
    row.cells[6] = signed_percent(path.ratio->error());
  }
  const std::size_t wrong = wrong_counters(path).size();
  row.cells[7] = wrong == 0 ? "exact" : fmt::format("{} differ", wrong);
  row.fine = wrong == 0 && (!timing || within(scenario, path));
  row.cells[8] = row.fine ? "ok" : "OFF";
  return row;
}

std::string heading_of(const ValidatedScenario& scenario) {
  const char* about = "CPU time per GB, and relative to the first path";
  if (scenario.validates == Validates::kWire) about = "throughput";
  if (scenario.validates == Validates::kCountersOnly) about = "counters; times are not judged";
  return fmt::format("{}: {}; {} runs of each", scenario.title, about, scenario.repeat);
}

/// Counters that differ, one line each.
std::string differences(const ValidatedScenario& scenario) {
  std::string text;
  for (const ValidatedPath& path : scenario.paths) {
    if (!path.skipped.empty()) text += fmt::format("{}: skipped: {}\n", path.path, path.skipped);
    for (const Figure* counter : wrong_counters(path)) {
      text += fmt::format("{}.{}: predicted {:.0f}, measured {:.0f}\n", path.path, counter->metric,
                          counter->predicted, counter->measured);
    }
  }
  return text;
}

/// Predicted over measured CPU time per GB, both logarithmic: a text that a page can show as it is.
std::string scatter(const Validation& validation) {
  constexpr int kWidth = 61;
  constexpr int kHeight = 25;
  std::vector<const Figure*> points;
  double least = 1e300;
  double most = 0;
  for (const ValidatedScenario& scenario : validation.scenarios) {
    if (scenario.validates != Validates::kCpuTime) continue;
    for (const ValidatedPath& path : scenario.paths) {
      if (!path.skipped.empty() || path.cpu.predicted <= 0 || path.cpu.measured <= 0) continue;
      points.push_back(&path.cpu);
      least = std::min({least, path.cpu.predicted, path.cpu.measured});
      most = std::max({most, path.cpu.predicted, path.cpu.measured});
    }
  }
  if (points.empty()) return "";
  std::vector<std::string> lines(kHeight, std::string(kWidth, ' '));
  const auto place = [&](double value, int steps) {
    const double share = most > least ? std::log(value / least) / std::log(most / least) : 0;
    return static_cast<int>(std::lround(share * (steps - 1)));
  };
  for (int x = 0; x < kWidth; ++x) {
    const auto y = static_cast<std::size_t>(kHeight - 1 - x * (kHeight - 1) / (kWidth - 1));
    lines[y][static_cast<std::size_t>(x)] = '.';
  }
  for (const Figure* point : points) {
    const auto y = static_cast<std::size_t>(kHeight - 1 - place(point->predicted, kHeight));
    lines[y][static_cast<std::size_t>(place(point->measured, kWidth))] = 'o';
  }
  std::string text = fmt::format("predicted, up to {}\n", figure(most, Unit::kSecondsPerGB));
  for (const std::string& line : lines)
    text += "  |" + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return text + "  +" + std::string(kWidth, '-') + "\n" +
         fmt::format("   measured, from {} to {}, both logarithmic; on the dots: as predicted\n",
                     figure(least, Unit::kSecondsPerGB), figure(most, Unit::kSecondsPerGB));
}

std::string conditions_line(const Validation& validation) {
  const native::Conditions& conditions = validation.scenarios.front().conditions;
  return fmt::format(
      "Linux {}, TCP with {}. Runs of the paths take turns; times are the least of them, spreads "
      "their coefficient of variation. Evidence of copies: {}.",
      conditions.kernel, conditions.congestion_control,
      conditions.unwatched.empty() ? "yes" : "none (" + conditions.unwatched + ")");
}

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    safe += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  }
  return safe;
}

}  // namespace

std::string validation_text(const Validation& validation, std::size_t width) {
  std::string text;
  for (const ValidatedScenario& scenario : validation.scenarios) {
    Table table;
    table.uniform = false;
    table.columns.assign(kColumns.begin(), kColumns.end());
    table.heading(heading_of(scenario));
    for (const ValidatedPath& path : scenario.paths) {
      const Row row = row_of(scenario, path, validation.timing);
      table.row(row.path, {row.cells.begin(), row.cells.end()});
    }
    text += render(table, width) + differences(scenario) + "\n";
  }
  text += conditions_line(validation) + "\n\n";
  if (validation.left_out > 0) {
    text += fmt::format("Interrupted; scenarios not judged: {}\n", validation.left_out);
  }
  for (const Claim& verdict : validation.verdicts) {
    text += fmt::format("{}: {}: {}\n", verdict.holds ? "holds" : "FAILS", verdict.text,
                        verdict.outcome);
  }
  return text;
}

std::string validation_markdown(const Validation& validation) {
  std::string text =
      "# Validation\n\nWritten by `copypath validate`: what the model predicts from a host profile "
      "of measured primitives,\nbeside what the real system calls did on the same machine. What is "
      "compared and how is in\n[native.md](native.md#validation).\n\n";
  text += conditions_line(validation) + "\n\n| claim | outcome | |\n|---|---|---|\n";
  for (const Claim& verdict : validation.verdicts) {
    text += fmt::format("| {} | {} | {} |\n", verdict.text, verdict.outcome,
                        verdict.holds ? "holds" : "**fails**");
  }
  const std::string plot = scatter(validation);
  if (!plot.empty()) text += "\n## CPU time per GB\n\n```text\n" + plot + "```\n";
  for (const ValidatedScenario& scenario : validation.scenarios) {
    text += fmt::format("\n## {}\n\n| path |", heading_of(scenario));
    for (const char* column : kColumns) text += fmt::format(" {} |", column);
    text += "\n|---|";
    for (std::size_t i = 0; i < kColumns.size(); ++i) text += "---|";
    text += "\n";
    for (const ValidatedPath& path : scenario.paths) {
      const Row row = row_of(scenario, path, validation.timing);
      text += fmt::format("| `{}` |", row.path);
      for (const std::string& cell : row.cells) text += fmt::format(" {} |", cell);
      text += "\n";
    }
    const std::string lines = differences(scenario);
    if (!lines.empty()) text += "\n```text\n" + lines + "```\n";
  }
  return text + "\n## " + profile_heading(validation) + "\n\n```text\n" + validation.profile +
         "```\n";
}

std::string validation_html(const Validation& validation) {
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>copypath "
      "validation</title>\n<style>body{font:14px sans-serif;margin:2em}table{border-collapse:"
      "collapse}td,th{padding:2px 8px;border:1px solid #ccc;text-align:right}td:first-child{"
      "text-align:left}.off{background:#fdd}</style></head><body>\n<h1>Validation</h1>\n";
  text += "<p>" + escaped(conditions_line(validation)) + "</p>\n<ul>\n";
  for (const Claim& verdict : validation.verdicts) {
    text += fmt::format("<li{}>{}: {}: {}</li>\n", verdict.holds ? "" : " class=\"off\"",
                        verdict.holds ? "holds" : "FAILS", escaped(verdict.text),
                        escaped(verdict.outcome));
  }
  text += "</ul>\n<pre>" + escaped(scatter(validation)) + "</pre>\n";
  for (const ValidatedScenario& scenario : validation.scenarios) {
    text += "<h2>" + escaped(heading_of(scenario)) + "</h2>\n<table><tr><th>path</th>";
    for (const char* column : kColumns) text += fmt::format("<th>{}</th>", column);
    text += "</tr>\n";
    for (const ValidatedPath& path : scenario.paths) {
      const Row row = row_of(scenario, path, validation.timing);
      text += fmt::format("<tr{}><td>{}</td>", row.fine ? "" : " class=\"off\"", row.path);
      for (const std::string& cell : row.cells) text += "<td>" + cell + "</td>";
      text += "</tr>\n";
    }
    text += "</table>\n<pre>" + escaped(differences(scenario)) + "</pre>\n";
  }
  return text + "<h2>" + profile_heading(validation) + "</h2>\n<pre>" +
         escaped(validation.profile) + "</pre>\n</body></html>\n";
}

std::string validation_json(const Validation& validation) {
  const auto to_json = [](const Figure& figure) {
    return Json{{"metric", figure.metric},
                {"predicted", figure.predicted},
                {"measured", figure.measured},
                {"spread", figure.spread},
                {"error", figure.error()}};
  };
  Json scenarios = Json::array();
  for (const ValidatedScenario& scenario : validation.scenarios) {
    Json paths = Json::array();
    for (const ValidatedPath& path : scenario.paths) {
      Json json{{"path", path.path}};
      if (path.skipped.empty()) {
        json["cpu"] = to_json(path.cpu);
        json["throughput"] = to_json(path.throughput);
        json["ratio"] = path.ratio ? to_json(*path.ratio) : Json();
        json["counters"] = Json::array();
        for (const Figure& counter : path.counters) {
          Json one = to_json(counter);
          one["agrees"] = agrees(counter, path);
          json["counters"].push_back(one);
        }
      } else {
        json["skipped"] = path.skipped;
      }
      paths.push_back(json);
    }
    scenarios.push_back({{"scenario", scenario.file},
                         {"title", scenario.title},
                         {"chunk", scenario.config.workload.chunk.count()},
                         {"runs", scenario.repeat},
                         {"paths", paths},
                         {"profile", scenario.profile}});
  }
  Json claims = Json::array();
  for (const Claim& verdict : validation.verdicts) {
    claims.push_back(
        {{"claim", verdict.text}, {"outcome", verdict.outcome}, {"holds", verdict.holds}});
  }
  return Json{{"verdicts", claims}, {"scenarios", scenarios}}.dump(2) + "\n";
}

}  // namespace copypath
