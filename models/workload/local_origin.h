// The server that a proxy fetches from, if it is a program on the same machine (nic.link =
// loopback): a task for each connection, with a socket of its own. When a request has come it
// send()s the file from a buffer of its own memory, and the kernel hands that to the proxy's socket
// as it does to any receiver on loopback. Its send buffer is what Linux lets it grow to; what does
// not fit the proxy's receive buffer (socket.receive_buffer) waits there, and goes when the proxy
// acknowledges, on the proxy's core.
// Its time is the machine's, but its system calls and context switches are not counted: those of a
// result are the proxy's. Left out: how the file comes into its memory.
#pragma once

#include <memory>
#include <vector>

#include "models/kernel/kernel.h"
#include "models/memory/memory_bus.h"
#include "models/workload/clients.h"

namespace copypath {

class LocalOrigin : public sc_core::sc_module {
public:
  /// What it sends per send() (assumed; the native origin's).
  static constexpr Bytes kBuffer = kKiB * 64;

  /// The largest send buffer of Linux (net.ipv4.tcp_wmem), as the origin sets none.
  static constexpr Bytes kSendBuffer = kMiB * 4;

  LocalOrigin(const sc_core::sc_module_name& name, const Config& config, Kernel& kernel,
              PhysicalMemory& memory, MemoryBus& bus, Cpu& cpu, const Requests& requests);

  /// All its tasks run on that core.
  void bind(unsigned core);

  sc_time stall_time() const;
  /// The share of the time up to `now` for which its busiest task ran.
  double utilisation(sc_time now) const;

  void trace(sc_core::sc_trace_file* file) const override;

private:
  struct Sender {
    Task task;
    TcpSocket socket;
    std::uint64_t buffer;
  };

  void serve(unsigned client);
  void send(Sender& sender, const Request& request);

  Kernel& kernel_;
  MemoryBus& bus_;
  const Requests& requests_;
  std::vector<std::unique_ptr<Sender>> senders_;
};

}  // namespace copypath
