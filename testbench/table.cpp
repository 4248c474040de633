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

std::size_t column_width(const Table& table) {
  std::size_t width = 10;
  for (const std::string& column : table.columns) width = std::max(width, column.size());
  for (const TableRow& row : table.rows) {
    for (const std::string& cell : row.cells) width = std::max(width, cell.size());
  }
  return width + kGap;
}

std::string line(const std::string& label, std::size_t label_size,
                 const std::vector<std::string>& cells, std::size_t cell_size, std::size_t first,
                 std::size_t count) {
  if (cells.empty()) return label + "\n";
  std::string text = fmt::format("{:<{}}", label, label_size);
  for (std::size_t i = first; i < std::min(first + count, cells.size()); ++i) {
    text += fmt::format("{:>{}}", cells[i], cell_size);
  }
  return text + "\n";
}

}  // namespace

std::string render(const Table& table, std::size_t width) {
  const std::size_t labels = label_width(table);
  const std::size_t cells = column_width(table);
  const std::size_t room = width > labels ? (width - labels) / cells : 0;
  const std::size_t per_block = std::max<std::size_t>(room, 1);
  std::string text;
  for (std::size_t first = 0; first < table.columns.size(); first += per_block) {
    if (first != 0) text += "\n";
    text += line("", labels, table.columns, cells, first, per_block);
    for (const TableRow& row : table.rows) {
      text += line(row.label, labels, row.cells, cells, first, per_block);
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
