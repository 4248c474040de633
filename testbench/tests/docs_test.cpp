// The tables of the documents that are about the program's own tables say what those say: a failure
// shows the lines to put there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "models/ledger/movement.h"
#include "models/ledger/result.h"
#include "models/paths/elsewhere.h"
#include "models/paths/path.h"
#include "testbench/locate.h"

namespace copypath {
namespace {

/// The rows of the first table whose first column is headed `heading`.
std::string table_of(const std::string& document, const std::string& heading) {
  std::ifstream file(shipped_folder() + "/../docs/" + document);
  EXPECT_TRUE(file) << document;
  std::string rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (inside && line.rfind('|', 0) != 0) break;
    if (inside && line.rfind("|---", 0) != 0) rows += line + "\n";
    if (line.rfind("| " + heading + " |", 0) == 0) inside = true;
  }
  return rows;
}

std::string unit_of(const Metric& metric) {
  switch (metric.unit) {
    case Unit::kBytes:
      return "bytes";
    case Unit::kBytesPerSecond:
      return "bytes/s";
    case Unit::kSeconds:
      return "s";
    case Unit::kSecondsPerGB:
      return "s/GB";
    case Unit::kCount:
      return "count";
    case Unit::kRatio:
      return "ratio";
  }
  return "";
}

TEST(Docs, MetricsAreThoseOfTheRecord) {
  std::string expected;
  for (const Metric& metric : metrics()) {
    expected +=
        fmt::format("| `{}` | {} | {} |\n", metric.name, unit_of(metric), metric.description);
  }
  EXPECT_EQ(table_of("metrics.md", "metric"), expected);
}

TEST(Docs, MovementsAreThoseOfTheLedger) {
  std::string expected;
  for (std::size_t i = 0; i < kMovements; ++i) {
    const MovementKind& kind = kind_of(static_cast<Movement>(i));
    expected += fmt::format("| `{}` | {} | {} | {} | {} |\n", kind.name, name_of(kind.agent),
                            name_of(kind.purpose), name_of(kind.from), name_of(kind.to));
  }
  EXPECT_EQ(table_of("models/ledger.md", "movement"), expected);
}

TEST(Docs, EveryModelPageHasItsParts) {
  unsigned pages = 0;
  for (const auto& page :
       std::filesystem::directory_iterator(shipped_folder() + "/../docs/models")) {
    std::ifstream file(page.path());
    std::stringstream text;
    text << file.rdbuf();
    for (const char* const part :
         {"What is modelled", "Left out", "Parameters", "Laws", "Sources"}) {
      EXPECT_NE(text.str().find(std::string("\n## ") + part + "\n"), std::string::npos)
          << page.path() << " has no part \"" << part << "\"";
    }
    ++pages;
  }
  EXPECT_GT(pages, 20U);
}

TEST(Docs, EveryPathIsKnownElsewhere) {
  for (const Path* path : paths()) {
    const auto entries = elsewhere(path->name);
    EXPECT_FALSE(entries.empty()) << path->name;
    for (const Elsewhere& entry : entries) {
      EXPECT_TRUE(*entry.where && *entry.call && *entry.notes) << path->name;
    }
  }
}

TEST(Docs, EveryPathIsInTheTableOfPaths) {
  const std::string rows = table_of("paths.md", "path");
  for (const Path* path : paths()) {
    EXPECT_NE(rows.find(fmt::format("| `{}` |", path->name)), std::string::npos) << path->name;
  }
}

}  // namespace
}  // namespace copypath
