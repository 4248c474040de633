#include "testbench/csv.h"

namespace copypath {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::optional<std::vector<std::string>> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ',') {
      fields.emplace_back();
      ++at;
    } else if (line[at] == '"' && fields.back().empty()) {
      for (++at;; ++at) {
        const std::size_t quote = line.find('"', at);
        if (quote == std::string::npos) return std::nullopt;
        fields.back() += line.substr(at, quote - at);
        at = quote + 1;
        if (at == line.size() || line[at] == ',') break;
        if (line[at] != '"') return std::nullopt;
        fields.back() += '"';
      }
    } else {
      fields.back() += line[at++];
    }
  }
  return fields;
}

}  // namespace copypath
