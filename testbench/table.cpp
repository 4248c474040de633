// A text table, wrapped into blocks of columns. Labels are repeated in every block.
#include "testbench/table.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace copypath {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kWidthWithoutTerminal = 100;

std::size_t label_width(const Table& table) {
  std::size_t width = 0;
  for (const TableRow& row : table.rows) {
    if (!row.cells.empty()) width = std::max(width, row.label.size());
  }
  return width;
}

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::string& column : table.columns) {
    widths.push_back(std::max<std::size_t>(column.size(), table.uniform ? 10 : 0));
  }
  for (const TableRow& row : table.rows) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], row.cells[i].size());
    }
  }
  if (table.uniform && !widths.empty()) {
    std::fill(widths.begin(), widths.end(), *std::max_element(widths.begin(), widths.end()));
  }
  for (std::size_t& width : widths) width += kGap;
  return widths;
}

std::string line(const std::string& label, std::size_t label_size,
                 const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                 std::size_t first, std::size_t last) {
  if (cells.empty()) return label + "\n";
  std::string text = fmt::format("{:<{}}", label, label_size);
  for (std::size_t i = first; i < last; ++i) text += fmt::format("{:>{}}", cells[i], widths[i]);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

}  // namespace

std::string render(const Table& table, std::size_t width) {
  const std::size_t labels = label_width(table);
  const std::vector<std::size_t> widths = column_widths(table);
  std::string text;
  for (std::size_t first = 0, last = 0; first < widths.size(); first = last) {
    std::size_t used = labels + widths[last++];
    while (last < widths.size() && used + widths[last] <= width) used += widths[last++];
    if (first != 0) text += "\n";
    text += line("", labels, table.columns, widths, first, last);
    for (const TableRow& row : table.rows) {
      text += line(row.label, labels, row.cells, widths, first, last);
    }
  }
  return text;
}

std::string hanging(const std::string& text, std::size_t indent, std::size_t width) {
  std::istringstream words(text);
  std::string lines;
  std::string word;
  std::size_t column = indent;
  while (words >> word) {
    if (column > indent && column + 1 + word.size() > width) {
      lines += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      lines += " ";
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines;
}

std::size_t terminal_width() {
  struct winsize size {};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
      size.ws_col == 0) {
    return kWidthWithoutTerminal;
  }
  return size.ws_col;
}

}  // namespace copypath
