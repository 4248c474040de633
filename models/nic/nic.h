// An Ethernet adapter with scatter-gather DMA: a transmit ring of descriptors in host memory, a
// doorbell, descriptor fetch in batches, gather DMA into a FIFO, segmentation into frames, the
// wire, completion write-back and moderated interrupts. Gather DMA of one packet overlaps with the
// transmission of the one before it, as far as the FIFO reaches; a packet's first frame leaves as
// soon as it has been fetched. Received payload: receive_engine.h.
// Left out: the wire, DMA and memory of packets without payload (acknowledgements and requests come
// with the interrupt, and leave with the write that posts them), several queues.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <deque>
#include <map>
#include <vector>

#include "models/cpu/interrupt.h"
#include "models/memory/transfer.h"
#include "models/nic/inline_encryption.h"
#include "models/nic/receive_engine.h"
#include "models/nic/wire.h"
#include "models/pcie/link.h"

namespace copypath {

/// A transmit descriptor: one fragment of a packet.
struct TxDescriptor {
  Segment segment{};
  Movement movement{};  ///< kHeaders for the first one of a packet
  bool end_of_packet = false;
  // For the packet, in its last descriptor:
  std::uint32_t connection = 0;
  std::uint64_t sequence = 0;
  unsigned packet_descriptors = 0;
  bool encrypt = false;    ///< TLS records, of which the NIC has the key
  void* cookie = nullptr;  ///< the driver's; comes back when the packet has been sent
};

/// A packet that has been sent.
struct TxCompletion {
  unsigned descriptors;  ///< free again
  void* cookie;
};

/// What was received: an acknowledgement or a request.
struct RxEvent {
  sc_time arrival;
  Packet::Kind kind;
  std::uint32_t connection;
  std::uint64_t sequence;
};

/// What driver and NIC share in host memory.
struct NicQueues {
  explicit NicQueues(unsigned ring) : descriptors(ring) {}

  std::vector<TxDescriptor> descriptors;  ///< a ring; the driver fills it at its tail
  std::deque<TxCompletion> completed;     ///< packets that were sent
  std::deque<RxEvent> received;           ///< in the order of arrival
  RxQueues received_frames;               ///< payload
  bool interrupt_pending = false;  ///< set by the NIC, cleared by the driver (NAPI's masking)
};

class Nic : public sc_core::sc_module {
public:
  /// Offset of the transmit descriptor tail register (Intel 82599 datasheet, TDT).
  static constexpr std::uint64_t kTailRegister = 0x6018;
  /// The same of the receive descriptors (RDT).
  static constexpr std::uint64_t kReceiveTailRegister = 0x1018;
  /// Where a packet without payload is written as a whole (assumed).
  static constexpr std::uint64_t kInlineRegister = 0x8000;
  static constexpr Bytes kDescriptorSize{16};
  /// Descriptors fetched at once (assumed; 82599 fetches up to 40 per request).
  static constexpr unsigned kFetchBatch = 64;

  MemoryPort memory{"memory"};            ///< descriptors and payload
  MemoryPort completions{"completions"};  ///< write-back
  tlm_utils::simple_target_socket<Nic> registers{"registers"};
  tlm_utils::simple_initiator_socket<Nic, 32, WireProtocol> wire{"wire"};
  tlm_utils::simple_target_socket<Nic, 32, WireProtocol> receive{"receive"};
  sc_core::sc_port<InterruptLine> irq{"irq"};
  ReceiveEngine receiver;

  Nic(const sc_core::sc_module_name& name, const NicConfig& config, const PcieLink& link,
      NicQueues& queues);

  Bytes wire_bytes_sent() const { return wire_bytes_sent_; }
  std::uint64_t packets_sent() const { return packets_sent_; }  ///< frames

  void trace(sc_core::sc_trace_file* file) const override;

private:
  /// A packet between gather DMA and wire.
  struct Outgoing {
    TxDescriptor last;  ///< its last descriptor
    Bytes bytes;
    Content content;
    bool ready = false;   ///< the headers are there
    sc_time first_frame;  ///< when the first frame is complete
    bool gathered = false;
  };

  void write_register(tlm::tlm_generic_payload& payload, sc_time& delay);
  void take_received(tlm::tlm_generic_payload& payload, sc_time& delay);
  void gather();
  unsigned fetched_packet() const;
  void fetch_descriptors();
  void gather_payload(Outgoing& packet, unsigned count);
  void transmit();
  void send(Outgoing& packet);
  void moderate(sc_time at);
  void raise_interrupt();

  NicConfig config_;
  PcieLink link_;
  NicQueues& queues_;

  unsigned head_ = 0;     // next descriptor to process
  unsigned fetched_ = 0;  // descriptors at and after head_ that are on the chip
  unsigned tail_ = 0;
  unsigned ring_used_ = 0;  // for the waveform
  sc_core::sc_event doorbell_;

  std::deque<Outgoing> fifo_;
  Bytes fifo_used_;
  sc_core::sc_event fifo_filled_;
  sc_core::sc_event fifo_drained_;
  sc_core::sc_event gathered_;
  bool wire_busy_ = false;

  sc_core::sc_event interrupt_due_;
  sc_time last_interrupt_;
  bool interrupted_before_ = false;

  std::map<std::uint32_t, InlineEncryption> encryption_;  // by connection

  Bytes wire_bytes_sent_;
  std::uint64_t packets_sent_ = 0;
};

}  // namespace copypath
