#include "testbench/advice_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "testbench/figures.h"
#include "testbench/table.h"

namespace copypath {

using Json = nlohmann::ordered_json;

namespace {

double metric(const Result& result, const char* name) { return result.value(name).value_or(0); }

/// "-68 %", or "the same" within what counts as equal.
std::string percent(double change) {
  if (std::abs(change) < kTie) return "the same";
  return fmt::format("{:+.0f} %", change * 100);
}

std::string change_of(const Result& from, const Result& to, const char* name) {
  const double before = metric(from, name);
  if (before == 0) return "the same";
  return percent(metric(to, name) / before - 1);
}

std::string utilisation_of(const Result& result) {
  const std::string& limit = result.bottleneck;
  const std::string name = limit == "memory_bus" ? "bus" : limit;
  const auto share = result.value(name + "_utilisation");
  return share ? fmt::format("{} ({:.0f} % busy)", limit, *share * 100) : limit;
}

std::string verdict(const Advice& advice, std::size_t width) {
  const Result& base = advice.results[advice.base];
  const Result& use = advice.results[advice.use];
  std::string text;
  if (advice.base == advice.use) {
    text = fmt::format("Stay with {}: no path does better.\n", use.path);
  } else {
    text = fmt::format("Use {}.\n", use.path);
    const auto line = [&](const char* what, const char* name) {
      text += fmt::format("  {:<15}{} instead of {}: {}\n", what, figure(use, name),
                          figure(base, name), change_of(base, use, name));
    };
    text += fmt::format("Against {}:\n", base.path);
    line("throughput", "throughput_Bps");
    line("CPU time", "cpu_s_per_GB");
    line("memory traffic", "bus_bytes");
  }
  const std::string then = fmt::format("The bottleneck then is {}.", utilisation_of(use));
  return text + hanging(then, 0, width) + "\n";
}

std::string table_of(const Advice& advice, std::size_t width) {
  Table table;
  table.uniform = false;
  table.columns = {"throughput", "CPU time", "memory traffic", "bottleneck"};
  for (const Result& result : advice.results) {
    table.row(result.path, {figure(result, "throughput_Bps"), figure(result, "cpu_s_per_GB"),
                            figure(result, "bus_bytes"), result.bottleneck});
  }
  return render(table, width);
}

std::string reasons_of(const char* heading, const std::vector<RuledOut>& list, std::size_t width) {
  if (list.empty()) return "";
  std::string text = std::string("\n") + heading + ":\n";
  for (const RuledOut& entry : list) {
    text += "  " + hanging(entry.path + ": " + entry.reason, 4, width) + "\n";
  }
  return text;
}

bool matters(const Effect& effect) {
  return std::abs(effect.throughput_gain) >= kTie || std::abs(effect.cpu_saving) >= kTie;
}

std::string changes_of(const Advice& advice, std::size_t width) {
  const std::string& use = advice.results[advice.use].path;
  Table table;
  table.uniform = false;
  table.columns = {"throughput", "", "CPU time", "", "bottleneck"};
  std::string without;
  for (const Effect& effect : advice.effects) {
    if (!matters(effect)) {
      without += (without.empty() ? "" : "; ") + effect.change.what;
      continue;
    }
    const std::string with = effect.result.path == use ? "" : ", with " + effect.result.path;
    table.row(effect.change.what + with,
              {figure(effect.result, "throughput_Bps"), percent(effect.throughput_gain),
               figure(effect.result, "cpu_s_per_GB"), percent(-effect.cpu_saving),
               effect.result.bottleneck});
  }
  std::string text = fmt::format("\nOne change at a time, with {}:\n", use);
  if (!table.rows.empty()) text += render(table, width);
  if (!without.empty()) text += "  " + hanging("no difference: " + without, 4, width) + "\n";
  text += "\n";
  if (!advice.next) return text + "None of them would matter.\n";
  const Effect& next = advice.effects[*advice.next];
  const bool faster = next.throughput_gain >= kTie;
  const std::string sentence =
      fmt::format("What would matter next: {} ({}), {} {}.", next.change.what, text_of(next.change),
                  percent(faster ? next.throughput_gain : -next.cpu_saving),
                  faster ? "throughput" : "CPU time");
  return text + hanging(sentence, 0, width) + "\n";
}

Json effect_json(const Effect& effect) {
  Json set = Json::object();
  for (const auto& [key, value] : effect.change.settings) set[key] = value;
  return {{"change", effect.change.what},    {"set", set},
          {"path", effect.result.path},      {"throughput_gain", effect.throughput_gain},
          {"cpu_saving", effect.cpu_saving}, {"run", to_json(effect.result)}};
}

Json list_json(const char* name, const std::vector<RuledOut>& list) {
  Json entries = Json::array();
  for (const RuledOut& entry : list) {
    entries.push_back({{name, entry.path}, {"reason", entry.reason}});
  }
  return entries;
}

}  // namespace

std::string text_of(const Change& change) {
  std::string text;
  for (const auto& [key, value] : change.settings) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key, value);
  }
  return text;
}

std::string advice_report(const Advice& advice, std::size_t width) {
  if (advice.results.empty()) {
    return "No path can be used.\n" + reasons_of("Ruled out", advice.ruled_out, width);
  }
  return verdict(advice, width) + "\n" + table_of(advice, width) +
         reasons_of("Ruled out", advice.ruled_out, width) + changes_of(advice, width) +
         reasons_of("Not tried", advice.not_tried, width);
}

std::string advice_json(const std::string& scenario, const Advice& advice) {
  Json json{{"scenario", scenario}};
  const bool found = !advice.results.empty();
  json["use"] = found ? Json(advice.results[advice.use].path) : Json();
  json["base"] = found ? Json(advice.results[advice.base].path) : Json();
  json["runs"] = Json::array();
  for (const Result& result : advice.results) json["runs"].push_back(to_json(result));
  json["ruled_out"] = list_json("path", advice.ruled_out);
  json["changes"] = Json::array();
  for (const Effect& effect : advice.effects) json["changes"].push_back(effect_json(effect));
  json["not_tried"] = list_json("change", advice.not_tried);
  json["next"] = advice.next ? Json(advice.effects[*advice.next].change.what) : Json();
  return json.dump(2) + "\n";
}

}  // namespace copypath
