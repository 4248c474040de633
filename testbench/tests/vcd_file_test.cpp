// The law of the waveform file: it is the one that SystemC writes, to the byte, but for the date.
#include "models/platform/vcd_file.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "models/ledger/text_lane.h"
#include "models/units.h"

#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

/// One of each kind, and what happens to them.
struct Values {
  bool flag = false;
  unsigned narrow = 0;
  unsigned word = 0;
  std::uint64_t bytes = 0;
  TextLane text{"", 16};
  TextLane again{"user", 8};

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

}  // namespace
}  // namespace copypath
