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

/// What the NICs share with their drivers.
std::deque<NicQueues> make_queues(const Config& config, const Path& path) {
  const Addressing addressing(config, path.transform == Transformation::kTls);
  std::deque<NicQueues> queues;
  for (unsigned i = 0; i < config.nic.count; ++i) queues.emplace_back(config.nic, addressing, i);
  return queues;
}

/// `count` modules: name, name1, name2, ...
template <typename Module, typename Make>
std::vector<std::unique_ptr<Module>> make(const std::string& name, unsigned count, Make one) {
  std::vector<std::unique_ptr<Module>> modules;
  for (unsigned i = 0; i < count; ++i) {
    modules.push_back(one((i == 0 ? name : name + std::to_string(i)).c_str(), i));
  }
  return modules;
}

bool is_broker(const Config& config) { return config.workload.kind == WorkloadKind::kLogBroker; }

/// Of what is served; 0: there is none.
Bytes response_header(const Config& config) {
  if (config.workload.kind == WorkloadKind::kWebServer) return config.web.header;
  return is_broker(config) ? config.broker.header : Bytes(0);
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
      nic_queues(make_queues(config, path)),
      nics(make<Nic>("nic", config.nic.count,
                     [&](const char* label, unsigned number) {
                       const PcieLink link(config.pcie.nic, config.pcie);
                       return std::make_unique<Nic>(label, config.nic, link, nic_queues[number]);
                     })),
      kernel("kernel", config, memory, media, disk_queues, nic_queues),
      network("network", config.workload.clients),
      clients("clients", config.workload, config.socket, media, path.transform, config.faults,
              response_header(config)),
      peers(make<TcpPeer>(is_broker(config) ? "producers" : "origin", config.nic.count,
                          [&](const char* label, unsigned number) -> std::unique_ptr<TcpPeer> {
                            if (!is_broker(config)) {
                              return std::make_unique<Origin>(label, config, media);
                            }
                            return std::make_unique<Producers>(label, config, number, media);
                          })),
      server("server", config, path, kernel, memory, bus, cpu, clients) {
  // Masters of the bus are numbered in this order.
  cpu.bind(bus);
  for (const auto& disk : disks) disk->memory.bind(bus.in);
  for (const auto& nic : nics) {
    nic->memory.bind(bus.in);
    nic->completions.bind(bus.in);
  }
  for (const auto& disk : disks) disk->commands.bind(bus.in);
  for (const auto& nic : nics) nic->receiver.memory.bind(bus.in);
  for (const auto& device : kernel.devices) device->report_to(ledger);
  for (unsigned i = 0; i < disks.size(); ++i) {  // from the last core on, a core each
    disks[i]->completions.bind(bus.in);
    kernel.block.drivers[i]->registers.bind(disks[i]->registers);
    disk_interrupts_.emplace_back(cpu.core(config.cpu.cores - 1 - i % config.cpu.cores),
                                  *kernel.block.drivers[i]);
    disks[i]->irq(disk_interrupts_.back());
  }
  connect_nics();
  connect_network(capture_file);
  connect_clients();
  if (config.nic.link == Link::kLoopback && !path.local()) start_local_peers();
  kernel.page_cache.warm_up(config.page_cache.warm, bus);

  SC_HAS_PROCESS(Machine);
  SC_METHOD(finish);
  sensitive << clients.all_delivered();
  dont_initialize();
}

/// Every NIC with its driver and its interrupts: each queue has one for a core of its own as long
/// as there are enough.
void Machine::connect_nics() {
  unsigned core = 0;
  for (std::size_t i = 0; i < nics.size(); ++i) {
    Nic& nic = *nics[i];
    NetDevice& device = *kernel.devices[i];
    device.registers.bind(nic.registers);
    nic.receiver.tell_of_misses([this] { expect_losses(); });
    for (unsigned queue = 0; queue < config_.nic.queues; ++queue) {
      nic_interrupts_.emplace_back(cpu.core(core++ % cpu.cores()), device.handler(queue));
      nic.vector(queue).irq(nic_interrupts_.back());
    }
  }
}

/// Before a NIC drops the first frame no timer could expire: none runs.
void Machine::expect_losses() {
  for (const auto& peer : peers) peer->expect_losses();
  for (const auto& device : kernel.devices) device->expect_losses(cpu.core(0));
  clients.expect_losses();
}

/// The NICs with the switch, through a recorder if one is wanted, and the peers with it.
void Machine::connect_network(const std::string& capture_file) {
  if (!capture_file.empty()) {
    capture = std::make_unique<PacketCapture>("capture", config_, media, path_, capture_file);
    capture->to_network.bind(network.from_nic);
  }
  for (std::size_t i = 0; i < nics.size(); ++i) {
    if (capture) {
      nics[i]->wire.bind(capture->from_nic);
      network.to_nic.bind(capture->from_network);
      capture->to_nic.bind(nics[i]->receive);
    } else {
      nics[i]->wire.bind(network.from_nic);
      network.to_nic.bind(nics[i]->receive);
    }
    network.to_origin.bind(peers[i]->in);
    peers[i]->out.bind(network.from_peers);
    peers[i]->pause_for(nics[i]->receiver);
  }
}

/// The clients with the switch, over a bad way if something is to be lost.
void Machine::connect_clients() {
  if (!config_.faults.lossy()) {
    network.to_clients.bind(clients.in);
    clients.out.bind(network.from_peers);
    return;
  }
  lossy_link = std::make_unique<LossyLink>("lossy_link", config_);
  network.to_clients.bind(lossy_link->from_network);
  lossy_link->to_clients.bind(clients.in);
  clients.out.bind(lossy_link->from_clients);
  lossy_link->to_network.bind(network.from_peers);
}

/// Programs on this machine. A proxy with its clients and its origin is three of them: where there
/// are two cores, the last one is for those two, so that none of it is the proxy's.
void Machine::start_local_peers() {
  sinks = std::make_unique<Sinks>("sinks", config_, kernel, memory, bus, cpu, clients);
  if (path_.reads != Reads::kOrigin) return;
  origin = std::make_unique<LocalOrigin>("local_origin", config_, kernel, memory, bus, cpu,
                                         clients.requests());
  if (cpu.cores() == 1) return;
  const unsigned last = cpu.cores() - 1;
  for (const auto& task : server.tasks()) task->bind(0, last);
  sinks->bind(last);
  origin->bind(last);
}

void Machine::start_of_simulation() {
  if (!sinks && !path_.local()) clients.ask_later();
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
  for (const auto& nic : nics) nic->trace(file);
  server.trace(file);
  clients.trace(file);
  if (sinks) sinks->trace(file);
  if (origin) origin->trace(file);
}

}  // namespace copypath
