// The child process that simulates one path. SystemC's warnings and errors are defects of the
// model and fail the run; its remarks are not for users.
#include "testbench/child.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "testbench/signals.h"

#ifdef COPYPATH_COVERAGE
#include <gcov.h>
#endif

namespace copypath {

namespace {

using Json = nlohmann::ordered_json;

/// The first warning of SystemC in this process.
std::string& first_warning() {
  static std::string text;
  return text;
}

void note_warning(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
  if (report.get_severity() != sc_core::SC_WARNING) {
    sc_core::sc_report_handler::default_handler(report, actions);
  } else if (first_warning().empty()) {
    first_warning() = sc_core::sc_report_compose_message(report);
  }
}

/// Returns false when nobody reads the line.
bool send(int report, const char* key, const Json& value) {
  const auto replace = Json::error_handler_t::replace;
  const std::string line = Json{{key, value}}.dump(-1, ' ', false, replace) + "\n";
  std::size_t sent = 0;
  while (sent < line.size()) {
    const ssize_t count = write(report, line.data() + sent, line.size() - sent);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  return true;
}

void simulate_and_report(const Config& config, const Simulation& simulation, int report) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  sc_core::sc_report_handler::set_handler(note_warning);
  RunOptions options = simulation.options;
  options.progress = [report](double share) {
    return send(report, kProgressLine, share) && interrupt_count() == 0;
  };
  try {
    const Result result = simulate(config, simulation.path, options);
    if (!first_warning().empty()) throw std::runtime_error(first_warning());
    send(report, kResultLine, to_json(result));
  } catch (const Interrupted&) {
    send(report, kInterruptedLine, true);
  } catch (const OutputError& error) {
    send(report, kOutputErrorLine, error.what());
  } catch (const std::bad_alloc&) {
    send(report, kErrorLine, "out of memory");
  } catch (const std::exception& error) {
    send(report, kErrorLine, error.what());
  }
}

}  // namespace

void child_main(const Config& config, const Simulation& simulation, int report, pid_t parent,
                const std::function<void()>& on_orphaned) {
  follow_parent(parent);
  simulate_and_report(config, simulation, report);
  if (getppid() != parent) on_orphaned();
#ifdef COPYPATH_COVERAGE
  __gcov_dump();
#endif
  // Not exit(): the parent's objects, on the stack above and elsewhere, are not this process's.
  _exit(EXIT_SUCCESS);
}

}  // namespace copypath
