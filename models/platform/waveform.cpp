#include "models/platform/waveform.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/output_error.h"

namespace copypath {

namespace {

/// SystemC writes the values at the start of a trace without a time, which viewers take for 0; a
/// comment before them says when they were taken. Puts the time in the comment's place.
void put_start_time(std::string& head) {
  const std::size_t values = head.find("\n$dumpvars\n") + 1;
  const std::size_t comment = head.rfind("$comment\n", values);
  const std::size_t time = head.find(" = ", comment) + 3;
  const std::string picoseconds = head.substr(time, head.find(' ', time) - time);
  if (picoseconds == "0") return;
  std::string text = "$comment The values at the start: $end";
  text.resize(values - comment - picoseconds.size() - 3, ' ');
  head.replace(comment, values - comment, text + "\n#" + picoseconds + "\n");
}

std::string_view next_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t end = std::min(line.find(' ', begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

/// Takes the lanes of these names out of the header and out of the values at the start, which is
/// all there is of a lane in which nothing happens. The head keeps its length.
void hide(std::string& head, const std::vector<std::string>& lanes) {
  const std::set<std::string_view> names(lanes.begin(), lanes.end());
  std::set<std::string> hidden;  // by their short names
  bool values = false;
  for (std::size_t begin = 0; begin < head.size();) {
    const std::size_t end = head.find('\n', begin);
    std::string_view line(&head[begin], end - begin);
    const std::string_view first = next_word(line);
    bool hide = false;
    if (first == "$dumpvars") {
      values = true;
    } else if (first == "$var") {  // $var wire 32 id name [31:0] $end
      for (int i = 0; i < 2; ++i) next_word(line);
      const std::string_view id = next_word(line);
      hide = names.count(next_word(line)) != 0;
      if (hide) hidden.emplace(id);
    } else if (values) {  // b0 id
      hide = hidden.count(std::string(next_word(line))) != 0;
    }
    if (hide) std::fill(&head[begin], &head[end], ' ');
    begin = end + 1;
  }
}

}  // namespace

Waveform::Waveform(const Machine& machine, const std::string& file) : machine_(machine) {
  if (struct stat status{}; stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw OutputError(file + ": not a regular file");
  }
  trace_ = std::make_unique<VcdFile>(file);
  machine.trace(trace_.get());
}

void Waveform::close() {
  if (!trace_) return;
  std::string& head = trace_->head();
  if (!head.empty()) {
    put_start_time(head);
    hide(head, machine_.idle_lanes());
  }
  trace_->close();
  trace_.reset();
}

}  // namespace copypath
