// A NIC with what it needs around it: memory, a driver that posts packets and takes interrupts, and
// a peer at the end of the wire that notes what arrives when.
#pragma once

#include <deque>
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
  /// What was received without payload: when the driver saw it, and what it says.
  struct Control {
    sc_time time;
    FrameHeader header;
    std::vector<std::uint8_t> bytes;  ///< as they lie in memory
  };
  std::vector<Control> controls;
  static constexpr std::uint32_t kReceive = 256;  ///< receive descriptors
  bool serves = true;  ///< whether the driver looks into the queues on an interrupt

  /// The context that the driver puts on the chip; to be changed before the simulation starts.
  TxContext context{14, 20, 32, 1448};

  NicHost(const sc_core::sc_module_name& name, const NicConfig& config, NicQueues& queues,
          MemoryBench& memory)
      : sc_module(name),
        size_(config.ring),
        queue_(queues.queues[0]),
        memory_(memory.memory.coherent),
        ledger_(memory.ledger),
        ring_(memory_.allocate(Bytes(16) * config.ring)),
        receive_ring_(memory_.allocate(Bytes(16) * kReceive)),
        receive_headers_(memory_.allocate(kHeaderSlot * kReceive)),
        headers_(memory_.allocate(kHeaderSlot * config.ring)) {
    context.segment_size = static_cast<std::uint16_t>(segment_size(config.mtu).count());
    wire.register_b_transport(this, &NicHost::take);
  }

  void start_of_simulation() override {
    write(reg::kTransmitBase, &ring_, sizeof ring_);
    std::uint32_t length = 16 * size_;
    write(reg::kTransmitLength, &length, sizeof length);
    std::uint8_t bytes[16];
    context.encode(bytes);
    write(reg::kTransmitContext, bytes, sizeof bytes);
    write(reg::kReceiveBase, &receive_ring_, sizeof receive_ring_);
    length = 16 * kReceive;
    write(reg::kReceiveLength, &length, sizeof length);
    lend(kReceive - 1);
  }

  /// Lends so many receive buffers.
  void lend(unsigned buffers) {
    for (; buffers > 0; --buffers) {
      const RxRead free{0, receive_headers_ + receive_tail_ * kHeaderSlot.count()};
      free.encode(memory_.at(receive_ring_ + 16 * receive_tail_));
      receive_tail_ = (receive_tail_ + 1) % kReceive;
    }
    write(reg::kReceiveTail, &receive_tail_, sizeof receive_tail_);
  }

  /// Puts a packet of these fragments into the ring, without telling the NIC.
  void fill(const SegmentList& fragments, std::uint64_t sequence = 0,
            Place place = Place::kPageCache) {
    TxData data;
    data.payload = static_cast<std::uint32_t>(size_of(fragments).count());
    data.segment = data.payload > context.segment_size;
    data.check_context = true;
    data.address = headers_ + tail_ * kHeaderSlot.count();
    data.bytes = 66;
    FrameHeader header;
    header.connection = 7;
    header.sequence = sequence;
    header.push = true;
    header.payload = size_of(fragments);
    header.write(connections_, true, memory_.at(data.address));
    data.encode(next(place));
    for (const Segment& fragment : fragments) {
      data.address = fragment.address;
      data.bytes = static_cast<std::uint16_t>(fragment.bytes);
      data.end_of_packet = data.report_status = &fragment == &fragments.back();
      if (data.report_status) unfinished_.push_back(tail_);
      data.encode(next(place));
    }
  }
  /// Puts a context into the ring.
  void fill(const TxContext& next_packets) { next_packets.encode(next(Place::kQueues)); }

  tlm::tlm_response_status ring(std::uint64_t address = reg::kTransmitTail) {
    return write(address, &tail_, sizeof tail_);
  }
  std::uint32_t head() {
    std::uint32_t value = 0;
    write(reg::kTransmitHead, &value, sizeof value, tlm::TLM_READ_COMMAND);
    return value;
  }
  void put(unsigned index, const TxData& data) const {
    data.encode(memory_.at(ring_ + 16 * index));
  }
  /// A descriptor as it lies in memory.
  TxData descriptor(unsigned index) const { return TxData::decode(memory_.at(ring_ + 16 * index)); }

  /// Acknowledgements of which the first one begins to reach the NIC in `delay`, each of a segment.
  void acknowledge(std::uint64_t sequence, sc_time delay, std::uint64_t frames = 1) {
    Packet packet;
    packet.kind = Packet::Kind::kAcknowledgement;
    packet.sequence = sequence;
    packet.frames = frames;
    packet.segment = Bytes(1448);
    packet.before = sequence - std::min<std::uint64_t>(sequence, 1448 * frames);
    packet.identification = 100;
    packet.window = 0x8000;
    tlm::tlm_generic_payload payload;
    payload.set_extension(&packet);
    receive->b_transport(payload, delay);
    payload.clear_extension(&packet);
  }

  using InterruptLine::raise;
  sc_time raise(sc_time delay) override {
    const sc_time now = sc_core::sc_time_stamp() + delay;
    interrupts.push_back(now);
    if (!serves) return sc_core::sc_max_time();
    std::uint32_t vector = 0;
    write(reg::kInterruptServed, &vector, sizeof vector);
    while (!unfinished_.empty() && tx_done(memory_.at(ring_ + 16 * unfinished_.front()))) {
      unfinished_.pop_front();
      completions.push_back(now);
    }
    unsigned seen = 0;
    for (;; ++seen) {
      const auto back = RxWriteBack::decode(memory_.at(receive_ring_ + 16 * receive_clean_));
      if (!back.done || seen == kReceive - 1) break;
      const std::uint8_t* const bytes =
          memory_.at(receive_headers_ + receive_clean_ * kHeaderSlot.count());
      controls.push_back(
          {now, FrameHeader::read(bytes, connections_, false), {bytes, bytes + back.header_bytes}});
      receive_clean_ = (receive_clean_ + 1) % kReceive;
    }
    if (seen > 0) lend(seen);
    return now;
  }

private:
  std::uint8_t* next(Place place) {
    std::uint8_t* const descriptor = memory_.at(ring_ + 16 * tail_);
    queue_.uses[tail_] = {place, TxRole::kSend};
    tail_ = (tail_ + 1) % size_;
    return descriptor;
  }

  tlm::tlm_response_status write(std::uint64_t address, void* value, unsigned bytes,
                                 tlm::tlm_command command = tlm::TLM_WRITE_COMMAND) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(static_cast<unsigned char*>(value));
    payload.set_data_length(bytes);
    sc_time delay;
    registers->b_transport(payload, delay);
    return payload.get_response_status();
  }

  void take(tlm::tlm_generic_payload& payload, sc_time&) {
    const Packet& packet = *payload.get_extension<Packet>();
    arrivals.push_back({sc_core::sc_time_stamp(), packet.connection, packet.sequence, packet.bytes,
                        *packet.content, ledger_.account(Movement::kTransmitPage).bytes});
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }

  std::uint32_t size_;
  Connections connections_{Addressing()};
  NicQueue& queue_;
  CoherentMemory& memory_;
  const Ledger& ledger_;
  std::uint64_t ring_;
  std::uint64_t receive_ring_;
  std::uint64_t receive_headers_;
  std::uint64_t headers_;
  std::uint32_t receive_tail_ = 0;
  std::uint32_t receive_clean_ = 0;
  std::deque<std::uint32_t> unfinished_;  // last descriptors of packets
  std::uint32_t tail_ = 0;
};

struct NicBench {
  MemoryBench memory;
  NicQueues queues;
  Nic nic;
  NicHost host;

  NicBench(const NicConfig& config, const PcieLink& link, const MemoryConfig& bus)
      : memory("bench", bus, Timing::kFluid, 1),
        queues(config),
        nic("nic", config, link, queues),
        host("host", config, queues, memory) {
    nic.memory.bind(memory.bus.in);
    nic.completions.bind(memory.bus.in);
    nic.receiver.memory.bind(memory.bus.in);
    nic.vector(0).irq(host);
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
