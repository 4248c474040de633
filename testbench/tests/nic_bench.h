// A NIC with what it needs around it: memory, a driver that posts packets and takes interrupts, and
// a peer at the end of the wire that notes what arrives when.
#pragma once

#include <memory>
#include <vector>

#include "models/nic/nic.h"
#include "testbench/tests/memory_bench.h"

namespace copypath {

/// The driver and the peer.
class NicHost : public sc_core::sc_module, public InterruptLine {
public:
  struct Arrival {
    sc_time time;
    std::uint32_t connection;
    std::uint64_t sequence;
    Bytes bytes;
    Content content;
    std::uint64_t gathered;  ///< payload that DMA has fetched in all
  };

  tlm_utils::simple_initiator_socket<NicHost> registers{"registers"};
  tlm_utils::simple_target_socket<NicHost, 32, WireProtocol> wire{"wire"};
  tlm_utils::simple_initiator_socket<NicHost, 32, WireProtocol> receive{"receive"};
  std::vector<Arrival> arrivals;
  std::vector<sc_time> interrupts;
  std::vector<sc_time> completions;  ///< when the driver saw each packet's
  std::vector<sc_time> acknowledgements;
  bool serves = true;  ///< whether the driver looks into the queues on an interrupt

  NicHost(const sc_core::sc_module_name& name, NicQueues& queues, const Ledger& ledger)
      : sc_module(name), queues_(queues), ledger_(ledger) {
    wire.register_b_transport(this, &NicHost::take);
  }

  /// Puts a packet of these fragments into the ring, without telling the NIC.
  void fill(const SegmentList& fragments, std::uint64_t sequence = 0,
            Movement movement = Movement::kTransmitPage) {
    TxDescriptor headers;
    headers.movement = Movement::kHeaders;
    next() = headers;
    for (const Segment& fragment : fragments) {
      TxDescriptor descriptor;
      descriptor.segment = fragment;
      descriptor.movement = movement;
      descriptor.end_of_packet = &fragment == &fragments.back();
      descriptor.packet_descriptors = 1 + static_cast<unsigned>(fragments.size());
      descriptor.connection = 7;
      descriptor.sequence = sequence;
      next() = descriptor;
    }
  }

  tlm::tlm_response_status ring(std::uint64_t address = Nic::kTailRegister) {
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&tail_));
    payload.set_data_length(sizeof tail_);
    sc_time delay;
    registers->b_transport(payload, delay);
    return payload.get_response_status();
  }

  /// An acknowledgement that reaches the NIC in `delay`.
  void acknowledge(std::uint64_t sequence, sc_time delay) {
    Packet packet;
    packet.kind = Packet::Kind::kAcknowledgement;
    packet.sequence = sequence;
    tlm::tlm_generic_payload payload;
    payload.set_extension(&packet);
    receive->b_transport(payload, delay);
    payload.clear_extension(&packet);
  }

  void raise() override {
    const sc_time now = sc_core::sc_time_stamp();
    interrupts.push_back(now);
    if (!serves) return;
    queues_.interrupt_pending = false;
    for (; !queues_.completed.empty(); queues_.completed.pop_front()) completions.push_back(now);
    auto& received = queues_.received;
    for (; !received.empty() && received.front().arrival <= now; received.pop_front()) {
      acknowledgements.push_back(received.front().arrival);
    }
  }

private:
  TxDescriptor& next() {
    TxDescriptor& descriptor = queues_.descriptors[tail_];
    tail_ = (tail_ + 1) % static_cast<std::uint32_t>(queues_.descriptors.size());
    return descriptor;
  }

  void take(tlm::tlm_generic_payload& payload, sc_time&) {
    const Packet& packet = *payload.get_extension<Packet>();
    arrivals.push_back({sc_core::sc_time_stamp(), packet.connection, packet.sequence, packet.bytes,
                        *packet.content, ledger_.account(Movement::kTransmitPage).bytes});
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }

  NicQueues& queues_;
  const Ledger& ledger_;
  std::uint32_t tail_ = 0;
};

struct NicBench {
  MemoryBench memory;
  NicQueues queues;
  Nic nic;
  NicHost host;

  NicBench(const NicConfig& config, const PcieLink& link, const MemoryConfig& bus)
      : memory("bench", bus, Timing::kFluid, 1),
        queues(config.ring),
        nic("nic", config, link, queues),
        host("host", queues, memory.ledger) {
    nic.memory.bind(memory.bus.in);
    nic.completions.bind(memory.bus.in);
    nic.receiver.memory.bind(memory.bus.in);
    nic.irq(host);
    nic.wire.bind(host.wire);
    host.registers.bind(nic.registers);
    host.receive.bind(nic.receive);
  }

  /// Fragments of up to a page each that hold bytes [offset, offset + bytes) of a file.
  SegmentList holding(std::uint32_t file, std::uint64_t offset, std::uint64_t bytes) {
    SegmentList list;
    for (std::uint64_t at = 0; at < bytes; at += 4096) {
      const auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(4096, bytes - at));
      list.push_back({address_of(memory.memory.allocate()), n});
      Content content;
      content.append({file, 0, offset + at, n});
      memory.bus.preset({list.back()}, content);
    }
    return list;
  }
};

}  // namespace copypath
