#include "models/workload/file_server.h"

namespace copypath {

FileServer::FileServer(const sc_core::sc_module_name& name, const Config& config, const Path& path,
                       Kernel& kernel, PhysicalMemory& memory, Cpu& cpu, const Clients& clients)
    : sc_module(name), config_(config), path_(path) {
  for (unsigned client = 0; client < config_.workload.clients; ++client) {
    connections_.push_back(
        std::unique_ptr<Connection>(new Connection{config_,
                                                   kernel,
                                                   memory,
                                                   {cpu, client},
                                                   {client, config, kernel.device, kernel.skbs},
                                                   kernel.page_cache.open(clients.file_of(client)),
                                                   config_.workload.chunk,
                                                   {memory, config}}));
    Connection& connection = *connections_.back();
    connection.socket.take_request();  // the first one is there when the run begins
    sc_core::sc_spawn([this, &connection] { serve(connection); },
                      ("thread" + std::to_string(client)).c_str());
  }
  if (path.reads != Reads::kOrigin) return;
  std::uint32_t number = config_.workload.clients;  // after the clients' connections
  for (const auto& connection : connections_) {
    connection->upstream = std::make_unique<TcpReceiver>(number++, kernel.device, kernel.skbs);
  }
}

void FileServer::serve(Connection& connection) {
  connection.task.start();
  for (unsigned request = 0; request < config_.workload.requests; ++request) {
    connection.socket.receive_request(connection.task);
    connection.file = connection.kernel.page_cache.open(connection.file.number);
    connection.file.source = config_.workload.open;
    path_.serve(connection);
  }
  connection.task.finish();
  ++finished_;
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
