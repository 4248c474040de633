#include "models/workload/local_origin.h"

#include <algorithm>

namespace copypath {

namespace {

Config with_send_buffer(Config config, Bytes bytes) {
  config.socket.send_buffer = bytes;
  return config;
}

}  // namespace

LocalOrigin::LocalOrigin(const sc_core::sc_module_name& name, const Config& config, Kernel& kernel,
                         PhysicalMemory& memory, MemoryBus& bus, Cpu& cpu, const Requests& requests)
    : sc_module(name), kernel_(kernel), bus_(bus), requests_(requests) {
  const Config sockets = with_send_buffer(config, kSendBuffer);
  const unsigned clients = config.workload.clients;
  const auto frames = static_cast<unsigned>(units_covering(kBuffer, kPageSize));
  for (unsigned client = 0; client < clients; ++client) {
    const std::uint32_t connection = clients + client;  // after the clients' connections
    senders_.push_back(std::unique_ptr<Sender>(
        new Sender{{cpu, 2 * clients + client},
                   {connection, sockets, kernel.device_of(connection), kernel.skbs},
                   address_of(memory.allocate_adjacent(frames))}));
    sc_core::sc_spawn([this, client] { serve(client); },
                      ("origin" + std::to_string(client)).c_str());
  }
}

void LocalOrigin::bind(unsigned core) {
  for (const auto& sender : senders_) sender->task.bind(core, 1);
}

void LocalOrigin::serve(unsigned client) {
  Sender& sender = *senders_[client];
  sender.task.start();
  for (std::uint64_t i = 0; i < requests_.count(client); ++i) {
    const Request request = requests_.at(client, i);
    if (request.bytes == Bytes(0)) continue;  // for which nobody asks
    sender.task.show("kernel", "recv");
    sender.task.spend(sender.task.costs().syscall);
    sender.socket.receive_request(sender.task);
    send(sender, request);
  }
  sender.task.finish();
}

void LocalOrigin::send(Sender& sender, const Request& request) {
  Task& task = sender.task;
  for (Bytes sent; sent < request.bytes;) {
    const Bytes bytes = std::min(kBuffer, request.bytes - sent);
    const SegmentList from{{sender.buffer, static_cast<std::uint32_t>(bytes.count())}};
    Content content;
    kernel_.media.read(request.file, (request.offset + sent).count(), bytes, content);
    bus_.preset(from, content);
    task.show("kernel", "send");
    task.spend(task.costs().syscall + task.costs().send_call);
    sender.socket.send(task, from, Movement::kCopyFromOrigin);
    task.show("user", "");
    sent += bytes;
  }
}

sc_time LocalOrigin::stall_time() const {
  sc_time total;
  for (const auto& sender : senders_) total += sender->task.stall_time();
  return total;
}

double LocalOrigin::utilisation(sc_time now) const {
  if (now == sc_core::SC_ZERO_TIME) return 0;
  double most = 0;
  for (const auto& sender : senders_) {
    most = std::max(most, (sender->task.run_time() - sender->task.stall_time()) / now);
  }
  return most;
}

void LocalOrigin::trace(sc_core::sc_trace_file* file) const {
  for (std::size_t i = 0; i < senders_.size() && i < kTracedConnections; ++i) {
    senders_[i]->task.trace(file, "origin.sender" + std::to_string(i));
    senders_[i]->socket.trace(file);
  }
}

}  // namespace copypath
