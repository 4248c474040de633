// A file server with a thread per connection: each blocks until its client asks, sends the whole
// file down the path under test, and waits for the next request. Opening the file and parsing the
// request are left out. A web server has a few worker processes instead, each with an event loop
// over its share of the connections, and sends a header before each file; a log broker is served
// the same way (log_broker.h). A path that reads for itself (workload.kind = random_reader), copies
// files (file_copy) or writes into a pipe (pipe, pipe_reader.h) waits for nobody: each thread is a
// program of its own. A path that is a proxy fetches the file from the origin (origin.h), over a
// second connection per client. When a client goes away, the call at hand fails (EPIPE), and
// whoever serves it gives up what it holds.
#pragma once

#include <memory>
#include <vector>

#include "models/paths/path.h"
#include "models/workload/clients.h"
#include "models/workload/connection.h"
#include "models/workload/local_reader.h"
#include "models/workload/log_broker.h"
#include "models/workload/pipe_reader.h"

namespace copypath {

class FileServer : public sc_core::sc_module {
public:
  FileServer(const sc_core::sc_module_name& name, const Config& config, const Path& path,
             Kernel& kernel, PhysicalMemory& memory, MemoryBus& bus, Cpu& cpu, Clients& clients);

  const std::vector<std::unique_ptr<Connection>>& connections() const { return connections_; }
  /// Its threads, or worker processes.
  const std::vector<std::unique_ptr<Task>>& tasks() const { return tasks_; }
  /// What is served if it is a log broker; nullptr: it is none.
  const LogBroker* broker() const { return broker_.get(); }
  /// Nullptr: nobody writes to files.
  const WriteBack* write_back() const {
    return broker_ ? broker_->write_back() : write_back_.get();
  }
  /// Server threads that have done all their work.
  unsigned finished() const { return finished_; }

  void trace(sc_core::sc_trace_file* file) const override;

private:
  bool has_pipes() const { return config_.workload.kind == WorkloadKind::kPipe; }
  bool is_web_server() const { return config_.workload.kind == WorkloadKind::kWebServer; }
  unsigned workers() const;
  Bytes chunk() const;
  void add_producers();
  void add_tasks(Kernel& kernel, Cpu& cpu);
  void add_pipe(Connection& connection, MemoryBus& bus);
  void serve(Connection& connection);
  EventLoop* loop_of(const Connection& connection) const;
  void serve_requests(Connection& connection);
  void respond(Connection& connection);
  void abandon(Connection& connection);
  void open_file(Connection& connection, std::uint64_t request);
  void overwrite_file(Connection& connection);

  Config config_;
  const Path& path_;
  Clients& clients_;
  LocalReader reader_;
  std::unique_ptr<LogBroker> broker_;
  std::unique_ptr<WriteBack> write_back_;  // of programs that copy files
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<std::unique_ptr<EventLoop>> loops_;  // of a web server, one for each of them
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<PipeReader>> readers_;  // at the ends of pipes, after the writers
  unsigned finished_ = 0;
};

}  // namespace copypath
