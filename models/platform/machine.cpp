#include "models/platform/machine.h"

namespace copypath {

namespace {

std::vector<std::unique_ptr<Drive>> make_drives(const Config& config,
                                                std::deque<DiskQueues>& queues, Media& media) {
  std::vector<std::unique_ptr<Drive>> drives;
  for (DiskQueues& pair : queues) {
    const std::string name = "disk" + std::to_string(drives.size());
    drives.push_back(
        Drive::make(name.c_str(), config.disk, {config.pcie.disk, config.pcie}, pair, media));
  }
  return drives;
}

}  // namespace

Machine::Machine(const sc_core::sc_module_name& name, const Config& config, const Path& path,
                 const std::string& capture_file)
    : sc_module(name),
      config_(config),
      path_(path),
      media(config.workload, config.faults),
      memory(config.workload.data),
      bus("memory", config, memory, ledger),
      cpu("cpu", config.cpu),
      disk_queues(config.disk.count, DiskQueues(DiskProtocol::entries(config.disk))),
      disks(make_drives(config, disk_queues, media)),
      nic_queues(config.nic.ring),
      nic("nic", config.nic, {config.pcie.nic, config.pcie}, nic_queues),
      kernel("kernel", config, memory, media, disk_queues, nic_queues),
      network("network", config.workload.clients),
      clients("clients", config.workload, config.socket, media, path.transform),
      origin("origin", config, media),
      server("server", config, path, kernel, memory, cpu, clients),
      nic_interrupt_(cpu.core(0), kernel.device) {
  // Masters of the bus are numbered in this order.
  cpu.bind(bus);
  for (const auto& disk : disks) disk->memory.bind(bus.in);
  nic.memory.bind(bus.in);
  nic.completions.bind(bus.in);
  for (const auto& disk : disks) disk->commands.bind(bus.in);
  nic.receiver.memory.bind(bus.in);
  kernel.device.registers.bind(nic.registers);
  for (unsigned i = 0; i < disks.size(); ++i) {  // from the last core on, a core each
    disks[i]->completions.bind(bus.in);
    kernel.block.drivers[i]->registers.bind(disks[i]->registers);
    disk_interrupts_.emplace_back(cpu.core(config.cpu.cores - 1 - i % config.cpu.cores),
                                  *kernel.block.drivers[i]);
    disks[i]->irq(disk_interrupts_.back());
  }
  nic.irq(nic_interrupt_);
  connect_network(capture_file);
  network.to_clients.bind(clients.in);
  network.to_origin.bind(origin.in);
  clients.out.bind(network.from_peers);
  origin.out.bind(network.from_peers);
  if (config.nic.link == Link::kLoopback) {
    sinks = std::make_unique<Sinks>("sinks", config, kernel, memory, bus, cpu, clients);
  }
  kernel.page_cache.warm_up(config.page_cache.warm, bus);

  SC_HAS_PROCESS(Machine);
  SC_METHOD(finish);
  sensitive << clients.all_delivered();
  dont_initialize();
}

/// The NIC with the switch, through a recorder if one is wanted.
void Machine::connect_network(const std::string& capture_file) {
  if (capture_file.empty()) {
    nic.wire.bind(network.from_nic);
    network.to_nic.bind(nic.receive);
    return;
  }
  capture = std::make_unique<PacketCapture>("capture", config_, media, path_, capture_file);
  nic.wire.bind(capture->from_nic);
  capture->to_network.bind(network.from_nic);
  network.to_nic.bind(capture->from_network);
  capture->to_nic.bind(nic.receive);
}

void Machine::finish() {
  finished_ = true;
  sc_core::sc_pause();
}

std::vector<std::string> Machine::idle_lanes() const {
  std::vector<std::string> lanes = ledger.idle_lanes();
  for (std::string& lane : kernel.idle_lanes()) lanes.push_back(std::move(lane));
  return lanes;
}

void Machine::trace(sc_core::sc_trace_file* file) const {
  ledger.trace(file);
  cpu.trace(file);
  bus.trace(file);
  for (std::size_t i = 0; i < disks.size(); ++i) {
    disks[i]->trace(file, i == 0 ? "disk" : "disk" + std::to_string(i));
  }
  kernel.trace(file);
  nic.trace(file);
  server.trace(file);
  clients.trace(file);
  if (sinks) sinks->trace(file);
}

}  // namespace copypath
