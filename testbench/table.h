// A text table: rows of figures below named columns, wrapped into blocks of columns where they
// would be wider than the terminal. Plain ASCII.
#pragma once

#include <string>
#include <vector>

namespace copypath {

struct TableRow {
  std::string label;
  std::vector<std::string> cells;  ///< one per column; none for a heading
};

struct Table {
  std::vector<std::string> columns;
  std::vector<TableRow> rows;
  bool uniform = true;  ///< all columns as wide as the widest

  void heading(std::string label) { rows.push_back({std::move(label), {}}); }
  void row(std::string label, std::vector<std::string> cells) {
    rows.push_back({"  " + std::move(label), std::move(cells)});
  }
};

/// The table in lines of at most `width` characters, if a single column fits in that.
std::string render(const Table& table, std::size_t width);

/// `text` in lines of at most `width`, continued below column `indent`. The first line starts at
/// `indent` too, but is not indented here.
std::string hanging(const std::string& text, std::size_t indent, std::size_t width);

/// The width of the terminal that standard output is; 100 if it is none.
std::size_t terminal_width();

}  // namespace copypath
