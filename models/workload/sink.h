// The clients of a server that is reached over loopback: tasks of the same machine, one per
// connection. Each asks for a file, and takes what arrives as fast as its core lets it: thrown away
// in the kernel (workload.sink = discard, recv() with MSG_TRUNC) or copied into a buffer of its
// own. Whether it is the right file is checked without cost. A slow client (workload.client_rate)
// sleeps after each recv(). Their time is the machine's, but their system calls and context
// switches are not counted: those of a result are the server's.
#pragma once

#include <memory>
#include <vector>

#include "models/kernel/kernel.h"
#include "models/kernel/tcp_receiver.h"
#include "models/memory/memory_bus.h"
#include "models/workload/clients.h"

namespace copypath {

class Sinks : public sc_core::sc_module {
public:
  /// What a client asks for per recv() (assumed; the native sink's).
  static constexpr Bytes kBuffer = kKiB * 256;

  Sinks(const sc_core::sc_module_name& name, const Config& config, Kernel& kernel,
        PhysicalMemory& memory, MemoryBus& bus, Cpu& cpu, Clients& clients);

  /// All clients run on that core.
  void bind(unsigned core);

  sc_time stall_time() const;
  /// The share of the time up to `now` for which the busiest client ran, or took its time.
  double utilisation(sc_time now) const;

  void trace(sc_core::sc_trace_file* file) const override;

private:
  struct Receiver {
    Task task;
    TcpReceiver socket;
    std::uint64_t buffer;
    sc_time free_at;  // when a slow client has consumed what it has taken
    sc_time busy;     // consuming
  };

  void consume(Receiver& sink);
  void ask(Receiver& sink, sc_time time);
  Bytes take(Receiver& sink, Content& content);

  WorkloadConfig config_;
  MemoryBus& bus_;
  Clients& clients_;
  std::vector<std::unique_ptr<Receiver>> sinks_;
};

}  // namespace copypath
