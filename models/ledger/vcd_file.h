// A waveform file as SystemC writes it (value change dump, IEEE 1364-2005, clause 18), byte for
// byte, in a quarter of the time: it compares words, not objects behind virtual functions, and
// formats into a buffer of its own. Takes the kinds of values that models trace: flags, unsigned
// numbers, and texts, which are vectors of bits that hold ASCII, or high impedance if empty. Times
// are in ps; delta cycles are not shown.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <systemc>
#include <vector>

#include "models/ledger/late_lanes.h"

namespace copypath {

class VcdFile : public sc_core::sc_trace_file {
public:
  /// Throws OutputError if the file cannot be created.
  explicit VcdFile(const std::string& name);
  ~VcdFile() override;
  VcdFile(const VcdFile&) = delete;
  VcdFile& operator=(const VcdFile&) = delete;

  /// What is written before the first change: names and values at the start. It may be edited, at
  /// the same length, until the file is closed.
  std::string& head() { return head_; }

  /// Ends the file. Throws OutputError if not everything could be written.
  void close();

  /// The lanes that were added last, so many of them, are `model`'s, which outlives the file.
  void follow(LateLanes& model, std::size_t lanes);

  /// So many characters of what `text` points to, which is a literal.
  void trace_text(const char* const& text, int characters, const std::string& name);

  using sc_core::sc_trace_file::trace;
  void trace(const bool& object, const std::string& name) override;
  void trace(const unsigned& object, const std::string& name, int width) override;
  void trace(const unsigned long& object, const std::string& name, int width) override;
  void trace(const sc_dt::uint64& object, const std::string& name, int width) override;
  void write_comment(const std::string& comment) override;
  void set_time_unit(double, sc_core::sc_time_unit) override {}

// The others; no model has any of them.
#define COPYPATH_TRACE(type) \
  void trace(const type&, const std::string& name) override { refuse(name); }
#define COPYPATH_TRACE_WIDTH(type) \
  void trace(const type&, const std::string& name, int) override { refuse(name); }
  COPYPATH_TRACE(sc_core::sc_event)
  COPYPATH_TRACE(sc_core::sc_time)
  COPYPATH_TRACE(sc_dt::sc_bit)
  COPYPATH_TRACE(sc_dt::sc_logic)
  COPYPATH_TRACE_WIDTH(unsigned char)
  COPYPATH_TRACE_WIDTH(unsigned short)
  COPYPATH_TRACE_WIDTH(char)
  COPYPATH_TRACE_WIDTH(short)
  COPYPATH_TRACE_WIDTH(int)
  COPYPATH_TRACE_WIDTH(long)
  COPYPATH_TRACE_WIDTH(sc_dt::int64)
  COPYPATH_TRACE(float)
  COPYPATH_TRACE(double)
  COPYPATH_TRACE(sc_dt::sc_int_base)
  COPYPATH_TRACE(sc_dt::sc_uint_base)
  COPYPATH_TRACE(sc_dt::sc_signed)
  COPYPATH_TRACE(sc_dt::sc_unsigned)
  COPYPATH_TRACE(sc_dt::sc_fxval)
  COPYPATH_TRACE(sc_dt::sc_fxval_fast)
  COPYPATH_TRACE(sc_dt::sc_fxnum)
  COPYPATH_TRACE(sc_dt::sc_fxnum_fast)
  COPYPATH_TRACE(sc_dt::sc_bv_base)
  COPYPATH_TRACE(sc_dt::sc_lv_base)
#undef COPYPATH_TRACE
#undef COPYPATH_TRACE_WIDTH
  void trace(const unsigned&, const std::string& name, const char**) override { refuse(name); }

protected:
  void cycle(bool delta_cycle) override;

private:
  enum class Kind { kFlag, kWord, kLongWord, kText };

  struct Lane {
    const void* object;
    Kind kind;
    int width;
    std::uint64_t value;  // that was written last, of a flag or number
    const char* text;     // the same of a text
    std::string id;
    std::string name;
  };

  [[noreturn]] static void refuse(const std::string& name);
  void add(const void* object, Kind kind, int width, const std::string& name);
  void write_late_changes(std::uint64_t end);
  void write_change(const Lane& lane, std::uint64_t time, bool& any);
  void end_instant(std::uint64_t time);
  static bool take_change(Lane& lane);
  static bool take_change_of_text(Lane& lane);
  void write(const Lane& lane);
  void write_number(std::uint64_t value, int width);
  void write_text(const Lane& lane);
  void write_header();
  void write_scope(const std::vector<const Lane*>& lanes, std::size_t depth);
  void flush();
  void put(const std::string& text);
  void end();

  std::string name_;
  std::FILE* file_;
  int error_ = 0;  // of the first write that failed
  std::vector<Lane> lanes_;
  std::vector<LateLanes*> late_models_;
  std::vector<std::size_t> late_lanes_;  // theirs, in ascending order
  std::string head_;
  bool head_is_out_ = false;
  std::string buffer_;  // what follows it
  bool started_ = false;
  std::uint64_t last_ = 0;  // time written
};

}  // namespace copypath
