#include "models/platform/waveform.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "models/platform/simulate.h"

namespace copypath {

namespace {

/// SystemC writes the values at the start of a trace without a time, which viewers take for 0; a
/// comment before them says when they were taken. Puts the time in the comment's place.
void put_start_time(const std::string& file) {
  std::fstream vcd(file, std::ios::in | std::ios::out | std::ios::binary);
  std::string line;
  std::string time;
  std::streamoff comment = 0;
  for (std::streamoff at = 0; std::getline(vcd, line) && line != "$dumpvars"; at = vcd.tellg()) {
    if (line == "$comment") comment = at;
    if (line.rfind("All initial values are dumped below", 0) != 0) continue;
    const std::size_t equals = line.find(" = ");  // ... at time 0.0001 sec = 100000000 ...
    if (equals != std::string::npos) time = std::to_string(std::stoull(line.substr(equals + 3)));
  }
  if (time.empty() || time == "0") return;
  std::string text = "$comment The values at the start: $end";
  const auto room = static_cast<std::size_t>(vcd.tellg() - comment) - sizeof "$dumpvars";
  text.resize(room - time.size() - 3, ' ');
  vcd.seekp(comment);
  vcd << text << "\n#" << time << "\n";
}

/// Takes the lanes of these names out of the header and out of the values at the start, which is
/// all there is of a lane in which nothing happens. The file keeps its length.
void hide(const std::string& file, const std::vector<std::string>& lanes) {
  std::fstream vcd(file, std::ios::in | std::ios::out | std::ios::binary);
  std::set<std::string> hidden;
  std::string line;
  bool values = false;
  for (std::streamoff at = 0; std::getline(vcd, line); at = vcd.tellg()) {
    if (values && line == "$end") break;
    if (line == "$dumpvars") values = true;
    std::istringstream words(line);
    std::string first, kind, bits, id, name;
    words >> first;
    if (first == "$var") {  // $var wire 32 id name [31:0] $end
      words >> kind >> bits >> id >> name;
      if (std::find(lanes.begin(), lanes.end(), name) == lanes.end()) continue;
      hidden.insert(id);
    } else if (!values || !(words >> id) || hidden.count(id) == 0) {  // b0 id
      continue;
    }
    vcd.seekp(at);
    vcd << std::string(line.size(), ' ');
    vcd.seekg(at + static_cast<std::streamoff>(line.size()) + 1);
  }
}

}  // namespace

Waveform::Waveform(const Machine& machine, const std::string& file)
    : machine_(machine), file_(file) {
  if (struct stat status{}; stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw OutputError(file + ": not a regular file");
  }
  trace_ = std::make_unique<VcdFile>(file);
  machine.trace(trace_.get());
}

void Waveform::close() {
  if (!trace_) return;
  trace_->close();
  trace_.reset();
  put_start_time(file_);
  hide(file_, machine_.idle_lanes());
}

}  // namespace copypath
