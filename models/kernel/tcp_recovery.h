// What a TCP socket has to keep if anything can get lost: what the peer has (loss_recovery.h), the
// retransmission timer, and the TLS records that a NIC may have to read again.
#pragma once

#include <deque>

#include "models/kernel/loss_recovery.h"
#include "models/kernel/tcp_socket.h"

namespace copypath {

struct TcpSocket::Recovery {
  /// A TLS record whose text the NIC has to read again, if a part of it is sent again.
  struct Record {
    std::uint64_t begin;
    std::uint64_t end;
    FragmentList pages;  // with references
  };

  Recovery(Bytes segment, sc_time rtt, const FaultConfig& on_the_way)
      : state(segment, rtt), faults(on_the_way) {}

  LossRecovery state;
  FaultConfig faults;
  bool runs = false;             // the timer
  std::uint64_t timed_from = 0;  // nothing of the stream before
  Core* core = nullptr;          // where the timer runs: that of the last interrupt or send
  sc_core::sc_event expiry;
  sc_time deadline;
  bool probes = false;         // when it ends, instead of giving up what is in flight
  std::deque<Record> records;  // not acknowledged
  std::uint64_t first_record = 0;
};

}  // namespace copypath
