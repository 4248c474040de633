#include "models/platform/vcd_file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>
#include <sstream>
#include <stdexcept>

#include "models/platform/simulate.h"

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
  if (started_ && now() > last_) buffer_ += fmt::format("#{}\n", now());
  flush();
  if (std::fclose(file_) != 0 && error_ == 0) error_ = errno;
  file_ = nullptr;
}

void VcdFile::refuse(const std::string& name) {
  throw std::logic_error(name + " is of a kind that is not traced");
}

void VcdFile::add(const void* object, Kind kind, int width, const std::string& name) {
  lanes_.push_back({object, kind, width, 0, id_of(lanes_.size()), name, {}});
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

void VcdFile::trace(const sc_dt::sc_lv_base& object, const std::string& name) {
  add(&object, Kind::kVector, object.length(), name);
  lanes_.back().words.resize(2 * static_cast<std::size_t>(object.size()));
}

void VcdFile::write_comment(const std::string& comment) {
  buffer_ += fmt::format("$comment\n{}\n$end\n\n", comment);
}

/// Whether the lane's value has changed, which is remembered.
bool VcdFile::take_change(Lane& lane) {
  if (lane.kind == Kind::kVector) return take_change_of_vector(lane);
  const std::uint64_t value = lane.kind == Kind::kFlag   ? at<bool>(lane.object)
                              : lane.kind == Kind::kWord ? at<unsigned>(lane.object)
                                                         : at<std::uint64_t>(lane.object);
  if (value == lane.value) return false;
  lane.value = value;
  return true;
}

bool VcdFile::take_change_of_vector(Lane& lane) {
  const auto& vector = at<sc_dt::sc_lv_base>(lane.object);
  const auto size = static_cast<int>(lane.words.size() / 2);
  sc_dt::sc_digit* const values = lane.words.data();
  sc_dt::sc_digit* const controls = values + size;
  int word = 0;
  while (word < size && values[word] == vector.get_word(word) &&
         controls[word] == vector.get_cword(word)) {
    ++word;
  }
  if (word == size) return false;
  for (; word < size; ++word) {
    values[word] = vector.get_word(word);
    controls[word] = vector.get_cword(word);
  }
  return true;
}

void VcdFile::write(const Lane& lane) {
  if (lane.width == 1) {
    buffer_ += lane.value != 0 ? '1' : '0';
  } else if (lane.kind == Kind::kVector) {
    write_vector(lane);
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

/// Without zeros in front of a one; all of it if it begins with Z.
void VcdFile::write_vector(const Lane& lane) {
  const std::size_t size = lane.words.size() / 2;
  const std::size_t begin = buffer_.size();
  buffer_.resize(begin + 32 * size);
  char* to = &buffer_[begin];
  for (std::size_t word = size; word-- > 0;) {
    sc_dt::sc_digit value = lane.words[word];
    sc_dt::sc_digit control = lane.words[size + word];
    for (int bit = 0; bit < 32; ++bit, value <<= 1, control <<= 1) {
      *to++ = "01ZX"[(control >> 31 << 1) | value >> 31];
    }
  }
  std::size_t zeros = 0;
  while (zeros + 1 < 32 * size && buffer_[begin + zeros] == '0') ++zeros;
  if (buffer_[begin + zeros] != '1' && zeros > 0 && buffer_[begin + zeros] != '0') --zeros;
  buffer_.replace(begin, zeros, 1, 'b');
  buffer_ += ' ';
}

void VcdFile::cycle(bool delta_cycle) {
  if (delta_cycle) return;
  if (!started_) {
    write_header();
    return;
  }
  bool any = false;
  for (Lane& lane : lanes_) {
    if (!take_change(lane)) continue;
    if (!any) buffer_ += fmt::format("#{}\n", now());
    any = true;
    write(lane);
    buffer_ += '\n';
  }
  if (!any) return;
  last_ = now();
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
  const std::size_t written = std::fwrite(buffer_.data(), 1, buffer_.size(), file_);
  if (written != buffer_.size() && error_ == 0) error_ = errno;
  buffer_.clear();
}

}  // namespace copypath
