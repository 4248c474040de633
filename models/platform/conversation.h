// A TCP connection as those see it who listen at the server's wire: addresses and ports, sequence
// and acknowledgement numbers, windows and timestamps of both sides. It makes frames of what the
// model sends, and those that the model leaves out: the ones that open and close a connection.
// Initial sequence numbers are made up, the same in every run.
#pragma once

#include "models/nic/rss.h"
#include "models/nic/wire.h"

namespace copypath {

class Conversation {
public:
  enum Side { kServer, kPeer };

  /// `opener` has opened the connection, and sends the requests. The peer receives into a window of
  /// `peer_window` bytes.
  Conversation(std::uint32_t connection, Side opener, const Addressing& addressing, Bytes segment,
               Bytes server_window, Bytes peer_window);

  static constexpr Side other(Side side) { return side == kServer ? kPeer : kServer; }
  Side opener() const { return opener_; }

  // Each makes the frame that `from` sends; `milliseconds`: the time in timestamps.
  using Frame = std::vector<std::uint8_t>;
  void syn(Side from, std::uint32_t milliseconds, Frame& frame);
  void acknowledge(Side from, std::uint32_t milliseconds, Frame& frame, const Sack& sack = {});
  /// `side` has sent a frame with these headers, and everything before `end` of its stream.
  void sent(Side side, const Headers& headers, std::uint64_t end);
  /// Bytes [offset, offset + n) of the stream in that direction.
  void data(Side from, std::uint32_t milliseconds, std::uint64_t offset, const std::uint8_t* bytes,
            std::size_t n, bool push, Frame& frame);
  void fin(Side from, std::uint32_t milliseconds, Frame& frame);
  void set_reset() { reset_ = true; }

  /// `side` has received all before `offset` of the other's stream.
  void receive(Side side, std::uint64_t offset);
  /// Bytes of the other's stream that `side` has received so far.
  std::uint64_t received(Side side) const { return ends_[side].received; }
  /// Bytes that `side` has sent so far.
  std::uint64_t sent(Side side) const { return ends_[side].sent; }
  /// Nothing is sent any more: the connection has been reset.
  bool is_reset() const { return reset_; }

private:
  struct End {
    Endpoint endpoint;
    std::uint32_t first;  // sequence number
    Bytes window;
    std::uint8_t scale = 0;
    std::uint16_t identification = 0;
    std::uint32_t timestamp = 0;  // last one sent
    std::uint64_t sent = 0;       // bytes of the stream
    std::uint64_t received = 0;   // of the other's
    bool synchronised = false;    // has sent its SYN
    bool finished = false;        // and its FIN
  };

  static End end(Endpoint endpoint, std::uint32_t first, Bytes window);
  void make(Side from, std::uint32_t milliseconds, TcpSegment segment, std::uint64_t offset,
            Frame& frame);

  End ends_[2];
  Side opener_;
  std::uint16_t announced_;  // largest segment, options included
  bool reset_ = false;
};

}  // namespace copypath
