#include "models/workload/sink.h"

#include <algorithm>

namespace copypath {

using sc_core::sc_time_stamp;

Sinks::Sinks(const sc_core::sc_module_name& name, const Config& config, Kernel& kernel,
             PhysicalMemory& memory, MemoryBus& bus, Cpu& cpu, Clients& clients)
    : sc_module(name), config_(config.workload), bus_(bus), clients_(clients) {
  const auto frames = static_cast<unsigned>(units_covering(kBuffer, kPageSize));
  for (unsigned client = 0; client < config_.clients; ++client) {
    const std::uint64_t buffer =
        config_.sink == Sink::kCopy ? address_of(memory.allocate_adjacent(frames)) : 0;
    sinks_.push_back(
        std::unique_ptr<Receiver>(new Receiver{{cpu, config_.clients + client},
                                               {client, kernel.device_of(client), kernel.skbs},
                                               buffer,
                                               {},
                                               {}}));
    if (config_.sink == Sink::kPoll) sinks_.back()->socket.poll();
    sc_core::sc_spawn([this, client] { consume(*sinks_[client]); },
                      ("client" + std::to_string(client)).c_str());
  }
}

void Sinks::bind(unsigned core) {
  for (const auto& sink : sinks_) sink->task.bind(core, 1);
}

// The first request is there when the run begins, unless a list says otherwise.
void Sinks::consume(Receiver& sink) {
  const std::uint32_t number = sink.socket.connection();
  const Requests& requests = clients_.requests();
  sink.task.start();
  if (requests.at(number, 0).time > sc_core::SC_ZERO_TIME) ask(sink, requests.at(number, 0).time);
  std::uint64_t complete = 0;
  while (complete < requests.count(number) && clients_.expected() > Bytes(0)) {
    Content content;
    const Bytes bytes = take(sink, content);
    if (config_.client_rate != Rate()) {
      const sc_time takes = bytes / config_.client_rate;
      sink.free_at = std::max(sink.free_at, sc_time_stamp()) + takes;
      sink.busy += takes;
      sink.task.sleep_for(sink.free_at - sc_time_stamp());
    }
    if (!clients_.take_here(number, bytes, content)) continue;
    if (++complete < requests.count(number)) ask(sink, requests.at(number, complete).time);
  }
  sink.task.finish();
}

/// Sends the next request, not before `time`.
void Sinks::ask(Receiver& sink, sc_time time) {
  sink.task.settle();
  if (time > sc_time_stamp()) sink.task.sleep_for(time - sc_time_stamp());
  sink.task.spend(sink.task.costs().syscall);
  sink.socket.send_request(sink.task);
}

Bytes Sinks::take(Receiver& sink, Content& content) {
  Task& task = sink.task;
  task.show("kernel", "recv");
  task.spend(task.costs().syscall);
  Bytes bytes;
  if (config_.sink == Sink::kCopy) {
    bytes = sink.socket.recv(task, sink.buffer, kBuffer);
    content = bus_.inspect({{sink.buffer, static_cast<std::uint32_t>(bytes.count())}});
  } else {
    bytes = sink.socket.discard(
        task, kBuffer, [&](const SegmentList& segments) { content = bus_.inspect(segments); });
  }
  task.show("user", "");
  task.settle();
  return bytes;
}

sc_time Sinks::stall_time() const {
  sc_time total;
  for (const auto& sink : sinks_) total += sink->task.stall_time();
  return total;
}

double Sinks::utilisation(sc_time now) const {
  if (now == sc_core::SC_ZERO_TIME) return 0;
  double most = 0;
  for (const auto& sink : sinks_) {
    const sc_time ran = sink->task.run_time() - sink->task.stall_time();
    most = std::max({most, ran / now, std::min(1.0, sink->busy / now)});
  }
  return most;
}

void Sinks::trace(sc_core::sc_trace_file* file) const {
  for (std::size_t i = 0; i < sinks_.size() && i < kTracedConnections; ++i) {
    const std::string prefix = "clients.client" + std::to_string(i);
    sinks_[i]->task.trace(file, prefix);
    sinks_[i]->socket.trace(file, prefix);
  }
}

}  // namespace copypath
