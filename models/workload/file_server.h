// A file server with a thread per connection: each blocks until its client asks, sends the whole
// file down the path under test, and waits for the next request. Opening the file and parsing the
// request are left out. A path that reads for itself (workload.kind = random_reader) waits for
// nobody: each thread is a program of its own. A path that is a proxy fetches the file from the
// origin (origin.h), over a second connection per client. When a client goes away, the call at hand
// fails (EPIPE), and its thread gives up what it holds and ends.
#pragma once

#include <memory>
#include <vector>

#include "models/paths/path.h"
#include "models/workload/clients.h"
#include "models/workload/connection.h"
#include "models/workload/local_reader.h"

namespace copypath {

class FileServer : public sc_core::sc_module {
public:
  FileServer(const sc_core::sc_module_name& name, const Config& config, const Path& path,
             Kernel& kernel, PhysicalMemory& memory, MemoryBus& bus, Cpu& cpu, Clients& clients);

  const std::vector<std::unique_ptr<Connection>>& connections() const { return connections_; }
  /// Server threads that have done all their work.
  unsigned finished() const { return finished_; }

  void trace(sc_core::sc_trace_file* file) const override;

private:
  void serve(Connection& connection);
  void serve_requests(Connection& connection);
  static void abandon(Connection& connection);
  void open_file(Connection& connection, std::uint64_t request);
  void overwrite_file(Connection& connection);

  Config config_;
  const Path& path_;
  Clients& clients_;
  LocalReader reader_;
  std::vector<std::unique_ptr<Connection>> connections_;
  unsigned finished_ = 0;
};

}  // namespace copypath
