// A PCI Express link between a device and memory: what is left of the lanes' raw rate for payload
// once symbols are encoded, packets have their headers, and acknowledgements, flow control and
// clock compensation have taken their share. The two directions are independent (full duplex).
// Plain C++; follows the model of pcie-bench (Neugebauer et al., SIGCOMM 2018), constants of the
// PCI Express base specification. Left out: latency, credits that run out, errors, IOMMU.
#pragma once

#include "models/memory/physical_memory.h"
#include "models/platform/config.h"

namespace copypath {

class PcieLink {
public:
  /// What a packet (TLP) takes besides its payload: 8 bytes of framing, sequence number and check,
  /// and a header of 16 bytes (64-bit address) or 12 (completion).
  static constexpr Bytes kWriteOverhead{24};
  static constexpr Bytes kRequestOverhead{24};
  static constexpr Bytes kCompletionOverhead{20};

  PcieLink(const PcieSlot& slot, const PcieConfig& config);

  /// Of all lanes after 8b/10b or 128b/130b encoding, per direction.
  Rate raw() const { return raw_; }
  /// Of that, what acknowledgements, flow-control updates and SKIP ordered sets leave.
  Rate for_packets() const { return for_packets_; }

  /// Payload per second while the device writes that to memory: each piece in packets of its own.
  Rate write(Bytes piece) const { return rate(piece, Use{write_wire(piece), Bytes(0)}); }
  template <typename Pieces>
  Rate write(const Pieces& pieces) const {
    Bytes payload;
    Bytes wire;
    for (const auto& piece : pieces) {
      payload += Bytes(piece.bytes);
      wire += write_wire(Bytes(piece.bytes));
    }
    return rate(payload, Use{wire, Bytes(0)});
  }
  /// Payload per second while the device reads that from memory. Its requests go the other way, and
  /// are the limit if they take more than what they ask for.
  Rate read(Bytes piece) const { return rate(piece, read_wire(piece)); }
  Rate read(const SegmentList& pieces) const;

private:
  /// Bytes on the link: in the direction of the payload, and in the other one.
  struct Use {
    Bytes payload;
    Bytes requests;
  };

  // Nearly all pieces are whole pages: theirs is worked out once.
  Bytes write_wire(Bytes piece) const {
    return piece == kPageSize ? page_written_ : written(piece);
  }
  Use read_wire(Bytes piece) const { return piece == kPageSize ? page_read_ : fetched(piece); }
  Bytes written(Bytes piece) const;
  Use fetched(Bytes piece) const;
  Rate rate(Bytes payload, const Use& use) const;

  Bytes max_payload_;
  Bytes max_read_request_;
  Bytes read_completion_;
  Rate raw_;
  Rate for_packets_;
  Bytes page_written_;
  Use page_read_;
};

}  // namespace copypath
