// An Ethernet adapter with scatter-gather DMA: transmit rings of descriptors in host memory, a
// doorbell, descriptor fetch in batches, gather DMA into a FIFO, segmentation into frames, the
// wire, completion write-back and moderated interrupts. Gather DMA of one packet overlaps with the
// transmission of the one before it, as far as the FIFO reaches; a packet's first frame leaves as
// soon as it has been fetched. Received payload: receive_engine.h. Registers and descriptors are
// those of the Intel 82599 (descriptor.h). An acknowledgement or request that the driver writes to
// the NIC as a whole leaves between two packets.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "models/memory/transfer.h"
#include "models/nic/frame_header.h"
#include "models/nic/inline_encryption.h"
#include "models/nic/receive_engine.h"
#include "models/nic/tx_queue.h"
#include "models/pcie/link.h"
#include "models/recycled.h"
#include "models/wake_up.h"

namespace copypath {

class Nic : public sc_core::sc_module {
public:
  MemoryPort memory{"memory"};            ///< descriptors and payload
  MemoryPort completions{"completions"};  ///< write-back
  tlm_utils::simple_target_socket<Nic> registers{"registers"};
  tlm_utils::simple_initiator_socket<Nic, 32, WireProtocol> wire{"wire"};
  tlm_utils::simple_target_socket<Nic, 32, WireProtocol> receive{"receive"};
  ReceiveEngine receiver;

  Nic(const sc_core::sc_module_name& name, const NicConfig& config, const PcieLink& link,
      NicQueues& queues);

  /// The interrupt of a pair of queues.
  InterruptVector& vector(unsigned queue) { return receiver.vector(queue); }

  /// What has left so far, and how many frames; what was written to the NIC as a whole may have to
  /// wait for the wire.
  Bytes wire_bytes_sent() const;
  std::uint64_t packets_sent() const;

  void trace(sc_core::sc_trace_file* file) const override;

private:
  /// A packet between gather DMA and wire.
  struct Outgoing {
    unsigned queue;
    unsigned last;  ///< descriptor, by its place in the ring
    FrameHeader header;
    std::array<std::uint8_t, kFrameHeaders.count()> headers;
    std::uint64_t record;  ///< of TLS, in which it begins if it is sent again
    Bytes bytes;
    Bytes segment;         ///< its frames are cut for that
    std::uint64_t frames;  ///< so many
    bool again;
    bool encrypt;
    bool report_status;
    Content content;
    Content resync;       ///< what comes before it in its TLS record, if it is sent again
    bool ready;           ///< the headers are there
    sc_time first_frame;  ///< when the first frame is complete
    bool gathered;
  };

  void access_register(tlm::tlm_generic_payload& payload, sc_time& delay);
  bool write_register(std::uint64_t address, const tlm::tlm_generic_payload& payload);
  bool read_register(std::uint64_t address, const tlm::tlm_generic_payload& payload) const;
  void ring_doorbell(TxQueue& queue, unsigned tail);
  void send_inline(tlm::tlm_generic_payload& payload, sc_time& delay);
  void count_inline();
  void take_received(tlm::tlm_generic_payload& payload, sc_time& delay);

  void gather();
  TxQueue* next_queue();
  void fetch_descriptors(TxQueue& queue, bool idle);
  void gather_packet(TxQueue& queue);
  void gather_headers(TxQueue& queue, const TxData& first, Outgoing& packet);
  void gather_payload(TxQueue& queue, Outgoing& packet);
  void fetch(Outgoing& packet, TxUse use);
  void transmit();
  void send(Outgoing& packet);
  void encrypt(const Outgoing& packet, Content& encrypted);
  Outgoing& new_packet();

  NicConfig config_;
  PcieLink link_;
  NicQueues& queues_;
  std::vector<TxQueue> transmit_queues_;
  unsigned next_queue_ = 0;  // whose turn it is
  unsigned ring_used_ = 0;   // for the waveform
  WakeUp doorbell_;

  std::vector<std::unique_ptr<Outgoing>> packets_;
  std::vector<Outgoing*> free_packets_;
  Fifo<Outgoing*> fifo_;
  Bytes fifo_used_;
  WakeUp fifo_filled_;
  WakeUp fifo_drained_;
  WakeUp gathered_;
  bool wire_busy_ = false;
  Packet sent_;  // used again and again
  tlm::tlm_generic_payload on_wire_;
  sc_time wire_free_;  // when the frames end that are on it
  /// What was written as a whole and has not left.
  struct Inline {
    sc_time end;
    Bytes on_wire;
    std::uint64_t frames;
  };
  std::deque<Inline> inline_;
  ControlList header_piece_ = ControlList(1);  // used again and again
  ControlList completion_ = ControlList(1);
  SegmentList segments_;

  std::map<std::uint32_t, InlineEncryption> encryption_;  // by connection
  std::vector<std::uint64_t> sequences_;                  // the last one, by connection

  Bytes wire_bytes_sent_;
  std::uint64_t packets_sent_ = 0;
};

}  // namespace copypath
