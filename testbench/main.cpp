// The program: SystemC's entry point around the commands.
// Commands that simulate do so in child processes, because a process elaborates one platform only;
// nothing is elaborated in this one.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <systemc>

#include "testbench/command.h"

namespace {

/// A closed standard stream would give its number to the next file that is opened, which would
/// then receive the reports. Reading /dev/null instead makes writing a report fail, as it should.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int mode = stream == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", mode) != stream) std::abort();
  }
}

}  // namespace

int sc_main(int argc, char* argv[]) {
  return copypath::run_program({argv + (argc > 0 ? 1 : 0), argv + argc});
}

int main(int argc, char* argv[]) {
  occupy_standard_streams();
  setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
