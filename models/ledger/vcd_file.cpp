#include "models/ledger/vcd_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>

#include "models/output_error.h"
#include "models/time_now.h"

namespace copypath {

namespace {

/// Characters after which the buffer is written out.
constexpr std::size_t kBuffer = 64 * 1024;

/// Lanes have names of five letters: aaaaa, aaaab, ...
std::string id_of(std::size_t number) {
  std::string id(5, 'a');
  for (std::size_t i = id.size(); i-- > 0; number /= 26)
    id[i] = static_cast<char>('a' + number % 26);
  return id;
}

std::uint64_t now() { return sc_core::sc_time_stamp().value(); }

template <typename Object>
const Object& at(const void* object) {
  return *static_cast<const Object*>(object);
}

}  // namespace

VcdFile::VcdFile(const std::string& name) : name_(name), file_(std::fopen(name.c_str(), "w")) {
  if (file_ == nullptr) throw OutputError(name + ": " + std::strerror(errno));
  sc_core::sc_get_curr_simcontext()->add_trace_file(this);
}

VcdFile::~VcdFile() {
  if (file_ != nullptr) end();
}

void VcdFile::close() {
  if (file_ != nullptr) end();
  if (error_ != 0) throw OutputError(name_ + ": " + std::strerror(error_));
}

void VcdFile::end() {
  sc_core::sc_get_curr_simcontext()->remove_trace_file(this);
  write_late_changes(now());
  for (LateLanes* const model : late_models_) model->forget();
  if (started_ && now() > last_) buffer_ += fmt::format("#{}\n", now());
  const bool again = head_is_out_;  // as somebody may have edited it since
  flush();
  if (again && std::fseek(file_, 0, SEEK_SET) == 0) put(head_);
  if (std::fclose(file_) != 0 && error_ == 0) error_ = errno;
  file_ = nullptr;
}

void VcdFile::follow(LateLanes& model, std::size_t lanes) {
  late_models_.push_back(&model);
  for (std::size_t i = lanes_.size() - lanes; i < lanes_.size(); ++i) late_lanes_.push_back(i);
}

void VcdFile::refuse(const std::string& name) {
  throw std::logic_error(name + " is of a kind that is not traced");
}

void VcdFile::add(const void* object, Kind kind, int width, const std::string& name) {
  lanes_.push_back({object, kind, width, 0, "", id_of(lanes_.size()), name});
}

void VcdFile::trace(const bool& object, const std::string& name) {
  add(&object, Kind::kFlag, 1, name);
}

void VcdFile::trace(const unsigned& object, const std::string& name, int width) {
  add(&object, Kind::kWord, width, name);
}

void VcdFile::trace(const unsigned long& object, const std::string& name, int width) {
  add(&object, Kind::kLongWord, width, name);
}

void VcdFile::trace(const sc_dt::uint64& object, const std::string& name, int width) {
  add(&object, Kind::kLongWord, width, name);
}

void VcdFile::trace_text(const char* const& text, int characters, const std::string& name) {
  add(&text, Kind::kText, 8 * characters, name);
}

void VcdFile::write_comment(const std::string& comment) {
  buffer_ += fmt::format("$comment\n{}\n$end\n\n", comment);
}

/// Whether the lane's value has changed, which is remembered.
bool VcdFile::take_change(Lane& lane) {
  if (lane.kind == Kind::kText) return take_change_of_text(lane);
  const std::uint64_t value = lane.kind == Kind::kFlag   ? at<bool>(lane.object)
                              : lane.kind == Kind::kWord ? at<unsigned>(lane.object)
                                                         : at<std::uint64_t>(lane.object);
  if (value == lane.value) return false;
  lane.value = value;
  return true;
}

bool VcdFile::take_change_of_text(Lane& lane) {
  const char* const text = at<const char*>(lane.object);
  if (text == lane.text) return false;
  const bool same = std::strncmp(text, lane.text, static_cast<std::size_t>(lane.width) / 8) == 0;
  lane.text = text;
  return !same;
}

void VcdFile::write(const Lane& lane) {
  if (lane.width == 1) {
    buffer_ += lane.value != 0 ? '1' : '0';
  } else if (lane.kind == Kind::kText) {
    write_text(lane);
  } else {
    write_number(lane.value, lane.width);
  }
  buffer_ += lane.id;
}

/// Without zeros in front. Of a number that does not fit, nothing is known.
void VcdFile::write_number(std::uint64_t value, int width) {
  if (width < 64 && value >> width != 0) {
    buffer_ += "bx ";
    return;
  }
  std::array<char, 64 + 2> text;
  std::size_t first = text.size();
  text[--first] = ' ';
  do {
    text[--first] = static_cast<char>('0' + (value & 1));
    value >>= 1;
  } while (value != 0);
  text[--first] = 'b';
  buffer_.append(&text[first], text.size() - first);
}

/// Without zeros in front, the first letter in the highest bits.
void VcdFile::write_text(const Lane& lane) {
  const auto width = static_cast<std::size_t>(lane.width);
  const std::size_t letters = strnlen(lane.text, width / 8);
  buffer_ += 'b';
  if (letters == 0) {
    buffer_.append(width, 'Z');
  } else {
    bool zero = true;
    for (std::size_t i = 0; i < 8 * letters; ++i) {
      const bool bit = (lane.text[i / 8] >> (7 - i % 8) & 1) != 0;
      zero = zero && !bit;
      if (!zero) buffer_ += bit ? '1' : '0';
    }
    buffer_.append(width - 8 * letters, '0');
  }
  buffer_ += ' ';
}

void VcdFile::cycle(bool delta_cycle) {
  if (delta_cycle) return;
  const std::uint64_t time = now();
  write_late_changes(time + 1);
  if (!started_) {
    write_header();
    return;
  }
  bool any = false;
  for (Lane& lane : lanes_) {
    if (take_change(lane)) write_change(lane, time, any);
  }
  if (any) end_instant(time);
}

/// Has the lanes of late models show what they did before `end`. What they do now is written with
/// all others.
void VcdFile::write_late_changes(std::uint64_t end) {
  for (;;) {
    sc_core::sc_time next = end_of_time();
    for (LateLanes* const model : late_models_) next = std::min(next, model->next_change());
    const std::uint64_t time = next.value();
    if (time >= end) return;
    for (LateLanes* const model : late_models_) {
      if (model->next_change() == next) model->change();
    }
    if (!started_ || time == now()) continue;
    bool any = false;
    for (const std::size_t lane : late_lanes_) {
      if (take_change(lanes_[lane])) write_change(lanes_[lane], time, any);
    }
    if (any) end_instant(time);
  }
}

/// `any`: whether it is not the first of its instant, which says when that is.
void VcdFile::write_change(const Lane& lane, std::uint64_t time, bool& any) {
  if (!any) fmt::format_to(std::back_inserter(buffer_), "#{}\n", time);
  any = true;
  write(lane);
  buffer_ += '\n';
}

void VcdFile::end_instant(std::uint64_t time) {
  last_ = time;
  buffer_ += '\n';
  if (buffer_.size() > kBuffer) flush();
}

void VcdFile::write_header() {
  started_ = true;
  last_ = now();
  const std::time_t date = std::time(nullptr);
  char text[64];
  std::strftime(text, sizeof text, "%b %d, %Y       %H:%M:%S", std::localtime(&date));
  buffer_ +=
      fmt::format("$date\n     {}\n$end\n\n$version\n {}\n$end\n\n", text, sc_core::sc_version());
  buffer_ += "$timescale\n     1 ps\n$end\n\n$scope module SystemC $end\n";
  std::vector<const Lane*> all;
  for (const Lane& lane : lanes_) all.push_back(&lane);
  write_scope(all, 0);
  buffer_ += "$upscope $end\n$enddefinitions  $end\n\n";
  std::ostringstream seconds;
  seconds << sc_core::sc_time_stamp().to_seconds();
  write_comment(
      fmt::format("All initial values are dumped below at time {} sec = {} timescale units.",
                  seconds.str(), now()));
  buffer_ += "$dumpvars\n";
  for (Lane& lane : lanes_) {
    take_change(lane);
    write(lane);
    buffer_ += '\n';
  }
  buffer_ += "$end\n\n";
  head_.swap(buffer_);
}

/// The lanes of a scope, whose names have `depth` characters in front; then the scopes in it.
void VcdFile::write_scope(const std::vector<const Lane*>& lanes, std::size_t depth) {
  std::map<std::string, std::vector<const Lane*>> scopes;
  for (const Lane* lane : lanes) {
    const std::size_t dot = lane->name.find('.', depth);
    if (dot != std::string::npos) {
      scopes[lane->name.substr(depth, dot - depth)].push_back(lane);
      continue;
    }
    const std::string name = lane->name.substr(depth);
    if (lane->width == 1) {
      buffer_ += fmt::format("$var wire  {: 3d}  {}  {}       $end\n", lane->width, lane->id, name);
    } else {
      buffer_ += fmt::format("$var wire  {: 3d}  {}  {} [{}:0]  $end\n", lane->width, lane->id,
                             name, lane->width - 1);
    }
  }
  for (const auto& [name, inside] : scopes) {
    buffer_ += fmt::format("$scope module {} $end\n", name);
    write_scope(inside, depth + name.size() + 1);
    buffer_ += "$upscope $end\n";
  }
}

void VcdFile::flush() {
  if (!head_is_out_) put(head_);
  head_is_out_ = true;
  put(buffer_);
  buffer_.clear();
}

void VcdFile::put(const std::string& text) {
  const std::size_t written = std::fwrite(text.data(), 1, text.size(), file_);
  if (written != text.size() && error_ == 0) error_ = errno;
}

}  // namespace copypath
