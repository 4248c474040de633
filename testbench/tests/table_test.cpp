// What people read: figures with three digits, tables that fit the width, reasons in the order of
// the data path, a sentence that says what is saved.
#include "testbench/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "testbench/comparison.h"
#include "testbench/figures.h"
#include "testbench/progress.h"

namespace copypath {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Result result_of(const std::string& path, double copied, double bus) {
  Result result;
  result.path = path;
  result.execution = "fluid";
  result.values = {{"payload_bytes", 1e9},
                   {"cpu_copied_bytes", copied},
                   {"bus_bytes", bus},
                   {"mode_switches", 61036},
                   {"syscalls_total", 30518}};
  result.syscalls = {{path == "sendfile" ? "sendfile" : "read", 15259}};
  result.movements = {
      {"headers", "nic", "control", "socket buffer", "nic", "packets need headers", 5000, 5},
      {"disk_read", "disk", "dma", "disk", "page cache", "the page was not resident", 10, 2},
      {"copy_to_user", "core", "copy", "page cache", "user buffer", "read() must copy", 20, 2},
      {"unused", "core", "copy", "page cache", "user buffer", "never happened", 0, 0}};
  result.delivered_ok = true;
  return result;
}

TEST(Figures, HaveThreeDigitsAndAFittingUnit) {
  EXPECT_EQ(figure(0.0, Unit::kBytes), "0 B");
  EXPECT_EQ(figure(512.0, Unit::kBytes), "512 B");
  EXPECT_EQ(figure(5.0, Unit::kBytes), "5 B");
  EXPECT_EQ(figure(20e9, Unit::kBytes), "20.0 GB");
  EXPECT_EQ(figure(1.1774e9, Unit::kBytesPerSecond), "1.18 GB/s");
  EXPECT_EQ(figure(8.5, Unit::kSeconds), "8.50 s");
  EXPECT_EQ(figure(0.0, Unit::kSeconds), "0 s");
  EXPECT_EQ(figure(80e-6, Unit::kSeconds), "80.0 us");
  EXPECT_EQ(figure(0.215, Unit::kSecondsPerGB), "215 ms/GB");
  EXPECT_EQ(figure(2.0, Unit::kRatio), "2.00");
  EXPECT_EQ(percent(0.5213), "52.1 %");
  EXPECT_EQ(figure(std::nullopt, Unit::kBytes), "-");
}

TEST(Figures, RoundUpIntoTheNextUnit) {
  EXPECT_EQ(figure(999.4e6, Unit::kBytes), "999 MB");
  EXPECT_EQ(figure(999.6e6, Unit::kBytes), "1.00 GB");
  EXPECT_EQ(figure(9.996, Unit::kSeconds), "10.0 s");
  EXPECT_EQ(figure(0.9996, Unit::kSeconds), "1.00 s");
}

TEST(Figures, CountsHaveThousandsSeparators) {
  EXPECT_EQ(figure(0.0, Unit::kCount), "0");
  EXPECT_EQ(figure(999.0, Unit::kCount), "999");
  EXPECT_EQ(figure(1000.0, Unit::kCount), "1,000");
  EXPECT_EQ(figure(152600.0, Unit::kCount), "152,600");
  EXPECT_EQ(figure(1234567.0, Unit::kCount), "1,234,567");
}

TEST(Table, ColumnsAlignOnTheRight) {
  Table table{{"read_write", "sendfile"}, {}};
  table.heading("Copies");
  table.row("by the CPU", {"2.00", "0.00"});
  EXPECT_EQ(lines_of(render(table, 80)),
            (std::vector<std::string>{"              read_write    sendfile", "Copies",
                                      "  by the CPU        2.00        0.00"}));
}

TEST(Table, ManyColumnsWrapIntoBlocksThatFit) {
  Table table;
  for (int i = 0; i < 15; ++i) table.columns.push_back("path_number_" + std::to_string(i));
  table.row("label", std::vector<std::string>(15, "1"));
  for (const std::size_t width : {20u, 60u, 100u, 1000u}) {
    const auto lines = lines_of(render(table, width));
    std::size_t columns = 0;
    for (const std::string& line : lines) {
      EXPECT_LE(line.size(), std::max<std::size_t>(width, 24)) << line;
      if (line.find("label") != std::string::npos) {
        columns += static_cast<std::size_t>(std::count(line.begin(), line.end(), '1'));
      }
    }
    EXPECT_EQ(columns, 15u) << "every column appears once at width " << width;
  }
}

TEST(Table, HangingTextStaysBetweenIndentAndWidth) {
  const std::string text = hanging("one two three four five six", 4, 12);
  EXPECT_EQ(text, "one two\n    three\n    four\n    five six");
}

TEST(Comparison, ReasonsAreNumberedInOrderWithControlTrafficLast) {
  const auto lines = lines_of(reasons(result_of("read_write", 2e9, 6e9), 100));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1].find("  1 dma"), 0u);
  EXPECT_EQ(lines[2].find("  2 copy"), 0u);
  EXPECT_NE(lines[2].find("core  page cache -> user buffer"), std::string::npos);
  EXPECT_EQ(lines[3].find("    control"), 0u);
  EXPECT_NE(lines[3].find("5.00 kB"), std::string::npos);
}

TEST(Comparison, SummarySaysWhatIsSaved) {
  EXPECT_EQ(summary(result_of("read_write", 20e9, 60e9), result_of("sendfile", 0, 20e9), 200),
            "sendfile moves 0 B instead of 20.0 GB with the CPU, and 20.0 GB instead of 60.0 GB "
            "over the memory bus.\n");
  EXPECT_EQ(summary(result_of("a", 0, 1e9), result_of("b", 0, 1e9), 200),
            "b moves the same 0 B with the CPU, and the same 1.00 GB over the memory bus.\n");
}

TEST(Comparison, ShowsEverySystemCallAndSwitchesPerChunk) {
  Config config;
  config.workload.clients = 10;
  config.workload.chunk = Bytes{65536};
  const std::string table = comparison_table(
      config, {result_of("read_write", 2e9, 6e9), result_of("sendfile", 0, 2e9)}, 100);
  for (const std::string& line : lines_of(table)) {
    std::istringstream words(line);
    std::string label;
    std::string first;
    std::string second;
    words >> label >> first >> second;
    if (label != "read") continue;
    EXPECT_EQ(first, "15,259");
    EXPECT_EQ(second, "0");
  }
  EXPECT_NE(table.find("\n    read "), std::string::npos);
  // Ten clients of 100 MB take 1526 chunks of 64 KiB each.
  EXPECT_NE(table.find(" 4.00 "), std::string::npos) << table;
  for (const std::string& line : lines_of(table)) {
    EXPECT_LE(line.size(), 80u);
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~');
  }
}

TEST(Progress, NamesWhatIsUnderWayAndTheTimeThatRemains) {
  ProgressLine line({"read_write", "sendfile"}, false);
  line.update(0, 1);
  line.update(1, 0.5);
  EXPECT_EQ(line.text(30), "sendfile 50 %  all 75 %  10 s left");
  EXPECT_EQ(ProgressLine({"files"}, false, "scenario 2 of 9").text(0), "scenario 2 of 9: all 0 %");
}

}  // namespace
}  // namespace copypath
