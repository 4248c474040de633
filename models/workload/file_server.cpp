#include "models/workload/file_server.h"

#include <algorithm>

#include "models/workload/copies.h"
#include "models/workload/response.h"

namespace copypath {

FileServer::FileServer(const sc_core::sc_module_name& name, const Config& config, const Path& path,
                       Kernel& kernel, PhysicalMemory& memory, MemoryBus& bus, Cpu& cpu,
                       Clients& clients)
    : sc_module(name), config_(config), path_(path), clients_(clients), reader_{bus, clients} {
  if (config.workload.kind == WorkloadKind::kLogBroker) {
    broker_ = std::make_unique<LogBroker>(config, path, kernel, memory, cpu, clients, workers());
  }
  if (config.workload.kind == WorkloadKind::kFileCopy) {
    write_back_ =
        std::make_unique<WriteBack>("write_back", config.page_cache, cpu, config.workload.clients,
                                    kernel.page_cache, kernel.block, kernel.timer);
  }
  add_tasks(kernel, cpu);
  for (unsigned client = 0; client < config_.workload.clients; ++client) {
    const Request first = clients.requests().at(client, 0);
    connections_.push_back(std::unique_ptr<Connection>(
        new Connection{config_,
                       kernel,
                       memory,
                       *tasks_[client % tasks_.size()],
                       {client, config, kernel.device_of(client), kernel.skbs},
                       kernel.page_cache.open(first.file),
                       chunk(),
                       {memory, config}}));
    Connection& connection = *connections_.back();
    connection.reader = &reader_;
    connection.write_back = write_back_.get();
    if (has_pipes()) add_pipe(connection, bus);
    if (!loops_.empty()) connection.member = &loops_[client % loops_.size()]->add();
    // The first one is there when the run begins, unless a list says otherwise.
    if (first.time == sc_core::SC_ZERO_TIME) connection.socket.take_request();
    sc_core::sc_spawn([this, &connection] { serve(connection); },
                      ("thread" + std::to_string(client)).c_str());
  }
  if (broker_) add_producers();
  if (path.reads != Reads::kOrigin) return;
  std::uint32_t number = config_.workload.clients;  // after the clients' connections
  for (const auto& connection : connections_) {
    connection->upstream =
        std::make_unique<TcpReceiver>(number, kernel.device_of(number), kernel.skbs);
    ++number;
  }
}

/// That share the connections; 0: each has a thread of its own.
unsigned FileServer::workers() const {
  if (config_.workload.kind == WorkloadKind::kLogBroker) return config_.broker.threads;
  return is_web_server() ? std::min(config_.web.workers, config_.workload.clients) : 0;
}

void FileServer::add_tasks(Kernel& kernel, Cpu& cpu) {
  const unsigned programs = config_.workload.clients * (has_pipes() ? 2 : 1);
  const unsigned tasks = workers() > 0 ? workers() : programs;
  for (unsigned number = 0; number < tasks; ++number) {
    tasks_.push_back(std::make_unique<Task>(cpu, number));
    if (workers() > 0) loops_.push_back(std::make_unique<EventLoop>(kernel, *tasks_.back()));
  }
}

/// What the program writes, a pipe, and the program that reads from it.
void FileServer::add_pipe(Connection& connection, MemoryBus& bus) {
  const WorkloadConfig& work = config_.workload;
  const std::uint32_t number = connection.number();
  const std::uint64_t buffer = connection.user_buffer(0, std::max(work.file_size, Bytes(1)));
  Content content;
  connection.kernel.media.read(connection.file.number, 0, work.file_size, content);
  bus.preset({{buffer, static_cast<std::uint32_t>(work.file_size.count())}}, content);
  connection.pipe =
      std::make_unique<Pipe>(config_.pipe.size, !work.busy_loop, connection.kernel.skbs);
  readers_.push_back(std::unique_ptr<PipeReader>(
      new PipeReader{config_, connection.kernel, *tasks_[work.clients + number], *connection.pipe,
                     reader_, number, connection.user_buffer(1, work.chunk)}));
  PipeReader& reader = *readers_.back();
  sc_core::sc_spawn(
      [this, &reader] {
        reader.task.start();
        path_.consume(reader);
        reader.task.finish();
      },
      ("reader" + std::to_string(number)).c_str());
}

/// Each a connection of one of the threads, like those of the consumers.
void FileServer::add_producers() {
  for (unsigned number = 0; number < config_.broker.producers(); ++number) {
    const std::size_t thread = number % tasks_.size();
    EventLoop& loop = *loops_[thread];
    EventLoop::Member& member = loop.add();
    broker_->add_producer(number, *tasks_[thread]);
    sc_core::sc_spawn(
        [this, number, &loop, &member] {
          loop.join(member);
          broker_->take_batches(number);
          loop.leave();
        },
        ("producer" + std::to_string(number)).c_str());
  }
}

EventLoop* FileServer::loop_of(const Connection& connection) const {
  return loops_.empty() ? nullptr : loops_[connection.number() % loops_.size()].get();
}

Bytes FileServer::chunk() const {
  if (broker_) return path_.by_sendfile ? config_.broker.fetch : config_.broker.buffer;
  if (!is_web_server()) return config_.workload.chunk;
  return path_.by_sendfile ? config_.web.sendfile_max_chunk : config_.web.buffer;
}

void FileServer::serve(Connection& connection) {
  EventLoop* const loop = loop_of(connection);
  if (loop != nullptr) {
    loop->join(*connection.member);
  } else {
    connection.task.start();
  }
  try {
    if (broker_) {
      broker_->serve(connection);
    } else {
      serve_requests(connection);
    }
  } catch (const ConnectionReset&) {
    abandon(connection);
  }
  if (connection.pipe) connection.pipe->close(connection.task);
  ++finished_;
  if (loop != nullptr) {
    loop->leave();
  } else {
    connection.task.finish();
  }
}

/// close() of everything that belongs to the client.
void FileServer::abandon(Connection& connection) {
  if (broker_) broker_->leave(connection);
  if (connection.ktls) connection.ktls->discard();
  if (connection.upstream) connection.upstream->close();
}

void FileServer::serve_requests(Connection& connection) {
  const std::uint32_t number = connection.number();
  const std::uint64_t requests = clients_.requests().count(number);
  for (std::uint64_t request = 0; request < requests; ++request) {
    if (!path_.local()) connection.socket.receive_request(connection.task);
    open_file(connection, request);
    respond(connection);
    if (connection.file.failed) {  // close(): the client gets no more, whatever it has asked for
      clients_.abort(number,
                     path_.local() ? clients_.received(number) : connection.socket.accepted());
      break;
    }
    if (config_.workload.hazard == Hazard::kOverwrite) overwrite_file(connection);
    // The FIN that follows the last byte of a stream that ends too early.
    if (connection.file.truncate_at < connection.file.size) {
      clients_.end_stream(number, connection.file.position);
    }
  }
}

void FileServer::respond(Connection& connection) {
  if (!is_web_server()) return path_.serve(connection);
  { const SystemCall recv(connection.kernel, connection.task, Call::kRecv); }
  const ResponseHeader header{config_.web.header, config_.web.tcp_nopush};
  begin_response(connection, path_, header);
  path_.serve(connection);
  end_response(connection, path_, header);
}

void FileServer::open_file(Connection& connection, std::uint64_t request) {
  const WorkloadConfig& work = config_.workload;
  const Request wanted = clients_.requests().at(connection.number(), request);
  OpenFile& file = connection.file;
  // A program that reads for itself has opened its file once, and its readahead goes on.
  if (!path_.local() || request == 0) file = connection.kernel.page_cache.open(wanted.file);
  file.source = work.open;
  file.position = wanted.offset;
  file.end = wanted.offset + wanted.bytes;
  if (write_back_) {
    connection.target = connection.kernel.page_cache.open(target_of(config_, connection.number()));
    connection.target.size = Bytes(0);
  }
  if (work.hazard != Hazard::kTruncate || path_.reads == Reads::kOrigin) return;
  file.truncate_at = Bytes(file.size.count() / 4);
  file.truncate_to = Bytes(file.size.count() / 2);
}

/// Another program writes to the file; it happens to run on this thread.
void FileServer::overwrite_file(Connection& connection) {
  if (path_.reads == Reads::kOrigin || connection.file.size == Bytes(0)) return;
  const SystemCall pwrite(connection.kernel, connection.task, Call::kPwrite);
  connection.kernel.page_cache.overwrite(connection.task, connection.file.number);
}

void FileServer::trace(sc_core::sc_trace_file* file) const {
  for (std::size_t i = 0; i < connections_.size() && i < kTracedConnections; ++i) {
    const std::string prefix = "server.thread" + std::to_string(i);
    connections_[i]->task.trace(file, prefix);
    connections_[i]->socket.trace(file);
    if (connections_[i]->upstream) connections_[i]->upstream->trace(file, prefix);
  }
}

}  // namespace copypath
