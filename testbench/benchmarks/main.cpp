// The benchmarks: `copypath_benchmarks [--smoke] [OPTION OF GOOGLE BENCHMARK...]`.
// Whole scenarios come first, because what is elaborated in this process, for the pieces, could not
// be elaborated again in a child of it.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <systemc>
#include <vector>

#include "testbench/benchmarks/comparisons.h"
#include "testbench/benchmarks/pieces.h"
#include "testbench/benchmarks/runs.h"
#include "testbench/benchmarks/scenarios.h"

int sc_main(int argc, char* argv[]) {
  using sc_core::sc_report_handler;
  sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_THROW);
  sc_report_handler::set_actions(sc_core::SC_ERROR, sc_core::SC_THROW);
  static std::string tabular = "--benchmark_counters_tabular=true";
  static std::string once = "--benchmark_min_time=0";
  std::vector<char*> arguments{argv[0], tabular.data()};
  bool smoke = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--smoke") == 0) {
      smoke = true;
      arguments.push_back(once.data());
    } else {
      arguments.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  copypath::benchmarks::set_smoke(smoke);
  copypath::benchmarks::register_scenarios();
  copypath::benchmarks::register_comparisons();
  copypath::benchmarks::register_pieces();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

int main(int argc, char* argv[]) {
  setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
