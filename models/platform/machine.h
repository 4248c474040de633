// A whole machine with its clients, wired from a configuration:
//
//   file server --- kernel: page cache, sockets, drivers
//        |              |            |          |
//      cores          (memory)     disk        NIC === wire === clients, origin
//        |              |            |          |
//        +------------ memory bus and DRAM -----+
//
// On loopback the clients are tasks on the same cores, and so is an origin; the NIC has nothing to
// do.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "models/cpu/cpu.h"
#include "models/disk/drive.h"
#include "models/kernel/kernel.h"
#include "models/ledger/ledger.h"
#include "models/memory/memory_bus.h"
#include "models/nic/lossy_link.h"
#include "models/nic/nic.h"
#include "models/nic/switch.h"
#include "models/platform/packet_capture.h"
#include "models/workload/clients.h"
#include "models/workload/file_server.h"
#include "models/workload/local_origin.h"
#include "models/workload/origin.h"
#include "models/workload/producers.h"
#include "models/workload/sink.h"

namespace copypath {

class Machine : public sc_core::sc_module {
public:
  /// `capture_file`: where to record what is on the wire; empty: nowhere.
  Machine(const sc_core::sc_module_name& name, const Config& config, const Path& path,
          const std::string& capture_file = "");

  const Config& config() const { return config_; }
  bool finished() const { return finished_; }

  /// What the run has cost. To be called when the machine has finished.
  Result result() const;

  void start_of_simulation() override;
  void trace(sc_core::sc_trace_file* file) const override;
  /// Names of lanes that nobody misses: of what never happened in this run.
  std::vector<std::string> idle_lanes() const;

private:
  void connect_nics();
  void expect_losses();
  void connect_network(const std::string& capture_file);
  void connect_clients();
  void start_local_peers();
  void finish();
  void enter_provenance(Result& result) const;
  void add_fetches(Result& result) const;
  std::string bottleneck(const Result& result, sc_time elapsed) const;

  Config config_;
  const Path& path_;

public:
  Ledger ledger;
  Media media;
  PhysicalMemory memory;
  MemoryBus bus;
  Cpu cpu;
  std::deque<DiskQueues> disk_queues;  ///< by drive
  std::vector<std::unique_ptr<Drive>> disks;
  std::deque<NicQueues> nic_queues;  ///< one per NIC
  std::vector<std::unique_ptr<Nic>> nics;
  Kernel kernel;
  Switch network;
  Clients clients;
  /// One at the wire of each NIC: a proxy's origin, or the producers of a log broker.
  std::vector<std::unique_ptr<TcpPeer>> peers;
  FileServer server;
  std::unique_ptr<Sinks> sinks;            ///< on loopback
  std::unique_ptr<LocalOrigin> origin;     ///< and that of a proxy
  std::unique_ptr<LossyLink> lossy_link;   ///< if frames get lost
  std::unique_ptr<PacketCapture> capture;  ///< if wanted

private:
  std::deque<InterruptRoute> disk_interrupts_;
  std::deque<InterruptRoute> nic_interrupts_;
  bool finished_ = false;
};

}  // namespace copypath
