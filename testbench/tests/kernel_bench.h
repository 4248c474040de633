// The kernel on its hardware, without server and clients: tests put tasks of their own on its
// cores, and a peer at the end of the wire notes what arrives and acknowledges when it is told to.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "models/kernel/kernel.h"
#include "testbench/tests/memory_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {

/// The other end of every connection.
class Peer : public sc_core::sc_module {
public:
  struct Arrival {
    sc_time time;
    std::uint32_t connection;
    std::uint64_t sequence;
    Bytes bytes;
    Content content;
    std::array<std::uint8_t, kFrameHeaders.count()> headers;  ///< as they lay in memory
  };

  tlm_utils::simple_target_socket<Peer, 32, WireProtocol> in{"in"};
  tlm_utils::simple_initiator_socket<Peer, 32, WireProtocol> out{"out"};
  std::vector<Arrival> arrivals;
  std::vector<Packet> small_packets;  ///< acknowledgements and requests
  bool acknowledges = true;           ///< everything, a round trip after it was sent
  bool comes_once = true;             ///< nothing is sent again

  Peer(const sc_core::sc_module_name& name, sc_time rtt) : sc_module(name), rtt_(rtt) {
    in.register_b_transport(this, &Peer::take);
  }

  /// Acknowledges the stream up to `sequence`; the acknowledgement arrives now.
  void acknowledge(std::uint32_t connection, std::uint64_t sequence) {
    reply(connection, sequence, sc_core::SC_ZERO_TIME);
  }

  /// Sends bytes [sequence, sequence + bytes) of file 0, as those of the stream; they arrive now.
  void send(std::uint32_t connection, Media& media, std::uint64_t sequence, std::uint64_t bytes) {
    Content content;
    media.read(0, sequence, Bytes(bytes), content);
    Packet packet;
    packet.connection = connection;
    packet.sequence = sequence;
    packet.bytes = Bytes(bytes);
    packet.content = &content;
    tlm::tlm_generic_payload payload;
    payload.set_extension(&packet);
    sc_time delay;
    out->b_transport(payload, delay);
    payload.clear_extension(&packet);
  }

  /// Payload of that connection so far.
  std::uint64_t received(std::uint32_t connection) const {
    std::uint64_t total = 0;
    for (const Arrival& arrival : arrivals) {
      if (arrival.connection == connection) total += arrival.bytes.count();
    }
    return total;
  }

  std::vector<std::uint64_t> packet_sizes() const {
    std::vector<std::uint64_t> sizes;
    for (const Arrival& arrival : arrivals) sizes.push_back(arrival.bytes.count());
    return sizes;
  }

private:
  void take(tlm::tlm_generic_payload& payload, sc_time&) {
    const Packet& packet = *payload.get_extension<Packet>();
    if (packet.kind != Packet::Kind::kData) {
      small_packets.push_back(packet);
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
      return;
    }
    if (comes_once) {
      EXPECT_EQ(packet.sequence, received(packet.connection)) << "out of order";
    }
    arrivals.push_back({sc_core::sc_time_stamp(),
                        packet.connection,
                        packet.sequence,
                        packet.bytes,
                        *packet.content,
                        {}});
    std::copy_n(packet.headers, kFrameHeaders.count(), arrivals.back().headers.begin());
    if (acknowledges) reply(packet.connection, received(packet.connection), rtt_);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }

  void reply(std::uint32_t connection, std::uint64_t sequence, sc_time delay) {
    Packet packet;
    packet.kind = Packet::Kind::kAcknowledgement;
    packet.connection = connection;
    packet.sequence = sequence;
    tlm::tlm_generic_payload payload;
    payload.set_extension(&packet);
    out->b_transport(payload, delay);
    payload.clear_extension(&packet);
  }

  sc_time rtt_;
};

/// References to pages of the page cache, as splice() passes them on.
inline FragmentList fragments(const SegmentList& pages) {
  FragmentList list;
  for (const Segment& page : pages) list.push_back({page, Place::kPageCache});
  return list;
}

struct KernelBench {
  Config config;
  MemoryBench memory;
  Cpu cpu;
  Media media;
  std::deque<DiskQueues> disk_queues;
  std::vector<std::unique_ptr<Drive>> disks;
  std::deque<NicQueues> nic_queues;
  Nic nic;
  Kernel kernel;
  Peer peer;
  std::deque<InterruptRoute> disk_interrupts;
  std::deque<InterruptRoute> nic_interrupts;
  std::vector<std::unique_ptr<TcpSocket>> sockets;
  std::uint64_t lent;  ///< frames in buffers that the driver has lent to the NIC

  explicit KernelBench(const Config& machine)
      : config(machine),
        memory("bench", machine.memory, machine.timing, 1, machine.workload.data),
        cpu("cpu", machine.cpu),
        media(machine.workload, machine.faults),
        disk_queues(machine.disk.count, DiskQueues(DiskProtocol::entries(machine.disk))),
        disks(drives(machine, disk_queues, media)),
        nic_queues(1, NicQueues(machine.nic)),
        nic("nic", machine.nic, {machine.pcie.nic, machine.pcie}, nic_queues.front()),
        kernel("kernel", machine, memory.memory, media, disk_queues, nic_queues),
        peer("peer", machine.socket.rtt),
        lent(memory.memory.frames_in_use()) {
    cpu.bind(memory.bus);
    for (auto& disk : disks) disk->memory.bind(memory.bus.in);
    nic.memory.bind(memory.bus.in);
    nic.completions.bind(memory.bus.in);
    nic.receiver.memory.bind(memory.bus.in);
    kernel.device.registers.bind(nic.registers);
    for (std::size_t i = 0; i < disks.size(); ++i) {
      disks[i]->commands.bind(memory.bus.in);
      disks[i]->completions.bind(memory.bus.in);
      kernel.block.drivers[i]->registers.bind(disks[i]->registers);
      disk_interrupts.emplace_back(cpu.core(0), *kernel.block.drivers[i]);
      disks[i]->irq(disk_interrupts.back());
    }
    for (unsigned queue = 0; queue < machine.nic.queues; ++queue) {
      nic_interrupts.emplace_back(cpu.core(queue % cpu.cores()), kernel.device.handler(queue));
      nic.vector(queue).irq(nic_interrupts.back());
    }
    nic.wire.bind(peer.in);
    peer.out.bind(nic.receive);
  }

  static std::vector<std::unique_ptr<Drive>> drives(const Config& machine,
                                                    std::deque<DiskQueues>& queues, Media& media) {
    std::vector<std::unique_ptr<Drive>> all;
    for (DiskQueues& pair : queues) {
      all.push_back(Drive::make(("disk" + std::to_string(all.size())).c_str(), machine.disk,
                                {machine.pcie.disk, machine.pcie}, pair, media));
    }
    return all;
  }

  TcpSocket& add_socket() {
    const auto connection = static_cast<std::uint32_t>(sockets.size());
    sockets.push_back(std::make_unique<TcpSocket>(connection, config, kernel.device, kernel.skbs));
    return *sockets.back();
  }

  /// `bytes` of user memory that hold a file's bytes from `offset` on.
  SegmentList buffer(std::uint32_t file, std::uint64_t offset, std::uint64_t bytes) {
    const auto frames = static_cast<unsigned>(units_covering(Bytes(bytes), kPageSize));
    const SegmentList list{
        {address_of(memory.memory.allocate_adjacent(frames)), static_cast<std::uint32_t>(bytes)}};
    Content content;
    media.read(file, offset, Bytes(bytes), content);
    memory.bus.preset(list, content);
    return list;
  }

  /// But for what the NIC receives into.
  std::uint64_t frames_in_use() const { return memory.memory.frames_in_use() - lent; }
  std::uint64_t disk_bytes() const { return memory.ledger.account(Movement::kDiskRead).bytes; }
  std::uint64_t disk_commands() const {
    return memory.ledger.account(Movement::kDiskCommand).transfers;
  }
};

/// A test on a kernel; `config_` is to be changed before the first use of bench().
class KernelTest : public SimulationTest {
protected:
  KernelBench& bench() {
    if (!bench_) bench_ = std::make_unique<KernelBench>(config_);
    return *bench_;
  }
  PageCache& page_cache() { return bench().kernel.page_cache; }

  /// A task that starts at `start` and has to come to its end.
  const Process& spawn_task(sc_time start, const std::function<void(Task&)>& body) {
    tasks_.push_back(std::make_unique<Task>(bench().cpu, static_cast<unsigned>(tasks_.size())));
    Task& task = *tasks_.back();
    return spawn_at(start, "task", [=, &task] {
      task.start();
      body(task);
      task.finish();
    });
  }
  const Process& spawn_task(const std::function<void(Task&)>& body) {
    return spawn_task(sc_core::SC_ZERO_TIME, body);
  }

  Config config_;

private:
  std::vector<std::unique_ptr<Task>> tasks_;
  std::unique_ptr<KernelBench> bench_;
};

}  // namespace copypath
