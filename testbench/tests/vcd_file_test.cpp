// The law of the waveform file: it is the one that SystemC writes, to the byte, but for the date.
#include "models/ledger/vcd_file.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "models/ledger/late_lanes.h"
#include "models/ledger/text_lane.h"
#include "models/units.h"

#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

/// A text, which SystemC's writer takes as a vector of bits, four characters in a word.
class Text {
public:
  Text(const char* text, int characters)
      : lane_(text, characters), characters_(characters), bits_(8 * characters) {
    set(text);
  }

  void set(const char* text) {
    lane_.set(text);
    std::string letters = std::string(text).substr(0, static_cast<std::size_t>(characters_));
    letters.resize(static_cast<std::size_t>(characters_), '\0');
    for (int word = 0; word < characters_ / 4; ++word) {
      sc_dt::sc_digit four = 0;
      for (int i = 0; i < 4; ++i) {
        const int at = characters_ - 4 - 4 * word + i;
        four = four << 8 | static_cast<unsigned char>(letters[static_cast<std::size_t>(at)]);
      }
      bits_.set_word(word, four);
      bits_.set_cword(word, *text == '\0' ? ~sc_dt::sc_digit{0} : 0);
    }
  }

  void trace(sc_core::sc_trace_file* file, const std::string& name) {
    if (dynamic_cast<VcdFile*>(file) != nullptr) {
      lane_.trace(file, name);
    } else {
      sc_core::sc_trace(file, bits_, name);
    }
  }

private:
  TextLane lane_;
  int characters_;
  sc_dt::sc_lv_base bits_;
};

/// One of each kind, and what happens to them.
struct Values {
  bool flag = false;
  unsigned narrow = 0;
  unsigned word = 0;
  std::uint64_t bytes = 0;
  Text text{"", 16};
  Text again{"user", 8};

  void trace(sc_core::sc_trace_file* file) {
    sc_core::sc_trace(file, flag, "zebra.flag");
    sc_core::sc_trace(file, narrow, "zebra.narrow", 7);
    text.trace(file, "cpu.core0.mode");
    sc_core::sc_trace(file, word, "cpu.word", 32);
    sc_core::sc_trace(file, bytes, "bytes", 64);
    again.trace(file, "zebra.of.again");
  }

  void run() {
    const auto step = [&](double nanoseconds, const std::function<void()>& change) {
      sc_core::wait(nanoseconds, sc_core::SC_NS);
      change();
    };
    step(0, [&] { flag = true; });
    step(1, [&] { narrow = 127; });
    step(0.001, [&] { narrow = 128; });  // more than fits
    step(5, [] {});
    step(5, [&] { text.set("copy_to_user"); });
    step(5, [&] { again.set("kernel and more than fits"); });
    step(7, [&] {
      flag = false;
      word = 0xffffffff;
      bytes = ~std::uint64_t{0};
    });
    step(1e6, [&] { text.set(""); });
    step(1, [&] { narrow = word = 0; });
    step(1, [&] {
      bytes = 1;
      sc_core::wait(sc_core::SC_ZERO_TIME);
      bytes = 2;  // only the last value of an instant is shown
    });
    sc_core::wait(1, sc_core::SC_NS);
  }
};

/// A file without its date.
std::string text_of(const std::string& name) {
  std::ifstream file(name);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  return all.substr(all.find("$version"));
}

class VcdFileTest : public SimulationTest {
protected:
  ~VcdFileTest() override {
    for (const std::string& name : {stem_ + ".vcd", ours_}) std::remove(name.c_str());
  }

  /// Begins both files at present, and compares them when all is over.
  void trace() {
    theirs_ = sc_core::sc_create_vcd_trace_file(stem_.c_str());
    theirs_->set_time_unit(1, sc_core::SC_PS);
    values_.trace(theirs_);
    file_ = std::make_unique<VcdFile>(ours_);
    values_.trace(file_.get());
  }
  void compare() {
    sc_core::sc_close_vcd_trace_file(theirs_);
    file_.reset();
    EXPECT_EQ(text_of(ours_), text_of(stem_ + ".vcd"));
    EXPECT_NE(text_of(ours_).find("$enddefinitions"), std::string::npos);
  }

  Values values_;

private:
  std::string stem_ = testing::TempDir() + "vcd_file_test." + std::to_string(getpid());
  std::string ours_ = stem_ + ".ours";
  sc_core::sc_trace_file* theirs_ = nullptr;
  std::unique_ptr<VcdFile> file_;
};

TEST_F(VcdFileTest, IsWhatSystemCWrites) {
  trace();
  spawn("changes", [&] { values_.run(); });
  run();
  compare();
}

TEST_F(VcdFileTest, MayBeginAndEndAtAnyTime) {
  spawn("changes", [&] { values_.run(); });
  run_until(sc_time(12, sc_core::SC_NS));
  trace();
  run_until(sc_time(20, sc_core::SC_NS));
  run_until(sc_time(30, sc_core::SC_NS));
  compare();
  run();
}

// ---- Models that work out late what has happened.

/// Counts nanoseconds that are multiples of `step`, up to `last`.
class Counter : public LateLanes {
public:
  Counter(unsigned step, unsigned last) : step_(step), last_(last) {}

  void trace(VcdFile& file, const std::string& name) {
    sc_core::sc_trace(&file, number_, name, 8);
    file.follow(*this, 1);
  }
  bool forgotten() const { return forgotten_; }

  sc_time next_change() override {
    const unsigned next = number_ + step_;
    const bool past = next <= last_ && nanoseconds(next) <= sc_core::sc_time_stamp();
    return past ? nanoseconds(next) : sc_core::sc_max_time();
  }
  void change() override { number_ += step_; }
  void forget() override { forgotten_ = true; }

private:
  unsigned step_;
  unsigned last_;
  unsigned number_ = 0;
  bool forgotten_ = false;
};

class LateLanesTest : public SimulationTest {
protected:
  LateLanesTest() : file_(std::make_unique<VcdFile>(name_)) {
    twos_.trace(*file_, "twos");
    sc_core::sc_trace(file_.get(), flag_, "flag");
    threes_.trace(*file_, "threes");
  }
  ~LateLanesTest() override { std::remove(name_.c_str()); }

  /// All changes.
  std::string end() {
    file_.reset();
    const std::string text = text_of(name_);
    const std::string head = "$dumpvars\nb0 aaaaa\n0aaaab\nb0 aaaac\n$end\n\n";
    return text.substr(text.find(head) + head.size());
  }

  std::string name_ = testing::TempDir() + "late_lanes_test." + std::to_string(getpid());
  bool flag_ = false;
  Counter twos_{2, 8};
  Counter threes_{3, 6};
  std::unique_ptr<VcdFile> file_;
};

TEST_F(LateLanesTest, ChangesBetweenTwoInstantsAreWrittenInTheOrderOfTime) {
  spawn_at(nanoseconds(4), "flag", [&] { flag_ = true; });
  spawn_at(nanoseconds(9), "later", [&] { flag_ = false; });
  spawn_at(nanoseconds(10), "end",
           [] {});  // SystemC does not show what happens in the last instant
  run();
  EXPECT_EQ(end(),
            "#2000\nb10 aaaaa\n\n#3000\nb11 aaaac\n\n#4000\nb100 aaaaa\n1aaaab\n\n"
            "#6000\nb110 aaaaa\nb110 aaaac\n\n#8000\nb1000 aaaaa\n\n#9000\n0aaaab\n\n#10000\n");
  EXPECT_TRUE(twos_.forgotten() && threes_.forgotten());
}

// As of all lanes: what happens in the instant in which a file ends is not in it.
TEST_F(LateLanesTest, ChangesBeforeTheEndOfTheFileAreWritten) {
  spawn_at(nanoseconds(20), "later", [] {});
  run_until(nanoseconds(4));
  EXPECT_EQ(end(), "#2000\nb10 aaaaa\n\n#3000\nb11 aaaac\n\n#4000\n");
  run();
}

}  // namespace
}  // namespace copypath
