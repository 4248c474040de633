// The parent of the simulations: starts children, collects what they report, and passes
// interrupts on to them.
#include "testbench/simulations.h"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

#include "testbench/child.h"
#include "testbench/progress.h"
#include "testbench/signals.h"

namespace copypath {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kPollMilliseconds = 100;

struct Child {
  std::size_t index;  ///< of its simulation
  pid_t process;
  int report;           ///< the pipe's reading end
  std::string pending;  ///< the beginning of a line
  bool finished;        ///< its last line has come
};

std::size_t online_processors() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return static_cast<std::size_t>(std::max(CPU_COUNT(&allowed), 1));
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return fmt::format("the simulation was killed by signal {} ({})", number, strsignal(number));
  }
  return fmt::format("the simulation ended with status {}", WEXITSTATUS(status));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (from.empty()) return text;
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class Collector {
public:
  Collector(const Config& config, std::vector<Simulation>& simulations,
            const RunAllOptions& options)
      : config_(config),
        simulations_(simulations),
        options_(options),
        progress_(names(simulations), options.show_progress) {}

  ~Collector() {
    signal_all(SIGKILL);
    while (!children_.empty()) remove(children_.begin());
  }

  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  void run() {
    while (may_start() || !children_.empty()) {
      while (may_start() && children_.size() < online_processors()) start(next_++);
      pass_interrupts_on();
      wait_for_reports();
    }
  }

private:
  static std::vector<std::string> names(const std::vector<Simulation>& simulations) {
    std::vector<std::string> names;
    for (const Simulation& simulation : simulations) names.push_back(name_of(simulation));
    return names;
  }

  static const std::string& name_of(const Simulation& simulation) {
    return simulation.label.empty() ? simulation.path : simulation.label;
  }

  bool may_start() const { return next_ < simulations_.size() && interrupt_count() == 0; }

  void start(std::size_t index) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) fail_to_start();
    const pid_t parent = getpid();
    const pid_t process = fork();
    if (process == 0) {
      close(ends[0]);
      for (const Child& sibling : children_) close(sibling.report);
      const Config* own = simulations_[index].config;
      child_main(own == nullptr ? config_ : *own, simulations_[index], ends[1], parent,
                 options_.on_orphaned);
    }
    close(ends[1]);
    if (process < 0) {
      close(ends[0]);
      fail_to_start();
    }
    children_.push_back({index, process, ends[0], "", false});
  }

  [[noreturn]] static void fail_to_start() {
    throw SimulationFailure(fmt::format("cannot start a process: {}", std::strerror(errno)));
  }

  void signal_all(int number) const {
    for (const Child& child : children_) kill(child.process, number);
  }

  void pass_interrupts_on() {
    const int count = interrupt_count();
    if (count == passed_on_) return;
    signal_all(count == 1 ? SIGTERM : SIGKILL);
    passed_on_ = count;
  }

  void wait_for_reports() {
    std::vector<pollfd> ends;
    for (const Child& child : children_) ends.push_back({child.report, POLLIN, 0});
    if (poll(ends.data(), ends.size(), kPollMilliseconds) <= 0) return;
    for (std::size_t i = ends.size(); i-- > 0;) {
      if (ends[i].revents != 0) read_from(children_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void read_from(std::vector<Child>::iterator child) {
    std::array<char, 65536> buffer;
    const ssize_t count = read(child->report, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) return finish(child);
    child->pending.append(buffer.data(), static_cast<std::size_t>(count));
    for (auto end = child->pending.find('\n'); end != std::string::npos;
         end = child->pending.find('\n')) {
      take_line(*child, Json::parse(child->pending.substr(0, end)));
      child->pending.erase(0, end + 1);
    }
  }

  void take_line(Child& child, const Json& line) {
    Simulation& simulation = simulations_[child.index];
    const std::string key = line.begin().key();
    const Json& value = line.begin().value();
    if (key == kProgressLine) return progress_.update(child.index, value.get<double>());
    child.finished = true;
    if (key == kOutputErrorLine) {
      const RunOptions& files = simulation.options;
      const std::string text =
          replaced(value.get<std::string>(), files.trace_file, simulation.trace_name);
      throw OutputError(replaced(text, files.capture_file, simulation.capture_name));
    }
    if (key == kErrorLine) throw failure(simulation, value.get<std::string>());
    if (key == kResultLine) {
      simulation.result = result_from_json(value);
      options_.on_result(child.index);
    }
    if (key == kInterruptedLine && interrupt_count() == 0) {
      throw failure(simulation, "the simulation was stopped by a signal");
    }
    progress_.update(child.index, 1);
  }

  /// The child has closed its end of the pipe.
  void finish(std::vector<Child>::iterator child) {
    Simulation& simulation = simulations_[child->index];
    const bool finished = child->finished;
    const int status = remove(child);
    simulation.is_whole = finished && status == 0;
    if (!simulation.is_whole && interrupt_count() < 2) {
      throw failure(simulation, how_it_ended(status));
    }
  }

  static SimulationFailure failure(const Simulation& simulation, const std::string& what) {
    return SimulationFailure(name_of(simulation) + ": " + what);
  }

  int remove(std::vector<Child>::iterator child) {
    close(child->report);
    int status = 0;
    while (waitpid(child->process, &status, 0) < 0 && errno == EINTR) {
    }
    children_.erase(child);
    return status;
  }

  const Config& config_;
  std::vector<Simulation>& simulations_;
  const RunAllOptions& options_;
  ProgressLine progress_;
  std::vector<Child> children_;
  std::size_t next_ = 0;
  int passed_on_ = 0;
};

}  // namespace

void run_all(const Config& config, std::vector<Simulation>& simulations,
             const RunAllOptions& options) {
  Collector(config, simulations, options).run();
}

}  // namespace copypath
