#include "models/platform/conversation.h"

#include <algorithm>

namespace copypath {

Conversation::Conversation(std::uint32_t connection, Side opener, const Addressing& addressing,
                           Bytes segment, Bytes server_window, Bytes peer_window)
    : ends_{end(addressing.server(connection), addressing.initial(connection, true), server_window),
            end(addressing.peer(connection), addressing.initial(connection, false), peer_window)},
      opener_(opener),
      announced_(static_cast<std::uint16_t>(segment.count() + 12)) {}  // without options

Conversation::End Conversation::end(Endpoint endpoint, std::uint32_t first, Bytes window) {
  End result{endpoint, first, window};
  result.scale = window_scale(window);
  return result;
}

void Conversation::make(Side from, std::uint32_t milliseconds, TcpSegment segment,
                        std::uint64_t offset, Frame& frame) {
  End& sender = ends_[from];
  const End& receiver = ends_[other(from)];
  const bool opens = (segment.flags & TcpSegment::kSyn) != 0;
  segment.sequence = static_cast<std::uint32_t>(sender.first + (opens ? 0 : 1) + offset);
  if (receiver.synchronised) {
    segment.flags |= TcpSegment::kAck;
    segment.acknowledgement = static_cast<std::uint32_t>(receiver.first + 1 + sender.received +
                                                         (receiver.finished ? 1 : 0));
    segment.echo = receiver.timestamp;
  }
  const Bytes unit(std::uint64_t{1} << (opens ? 0 : sender.scale));
  segment.window = static_cast<std::uint16_t>(
      std::min<std::uint64_t>(0xffff, units_covering(sender.window, unit)));
  segment.segment_size = announced_;
  segment.window_scale = sender.scale;
  segment.timestamp = sender.timestamp = milliseconds;
  make_frame({sender.endpoint, receiver.endpoint, ++sender.identification, segment}, frame);
}

void Conversation::syn(Side from, std::uint32_t milliseconds, Frame& frame) {
  TcpSegment segment;
  segment.flags = TcpSegment::kSyn;
  make(from, milliseconds, segment, 0, frame);
  ends_[from].synchronised = true;
}

void Conversation::acknowledge(Side from, std::uint32_t milliseconds, Frame& frame,
                               const Sack& sack) {
  TcpSegment segment;
  segment.sack_blocks = sack.count;
  const std::uint64_t first = std::uint64_t{ends_[other(from)].first} + 1;
  for (unsigned i = 0; i < sack.count; ++i) {
    segment.sack[2 * i] = static_cast<std::uint32_t>(first + sack.blocks[i].begin);
    segment.sack[2 * i + 1] = static_cast<std::uint32_t>(first + sack.blocks[i].end);
  }
  make(from, milliseconds, segment, ends_[from].sent + (ends_[from].finished ? 1 : 0), frame);
}

void Conversation::data(Side from, std::uint32_t milliseconds, std::uint64_t offset,
                        const std::uint8_t* bytes, std::size_t n, bool push, Frame& frame) {
  TcpSegment segment;
  if (push) segment.flags = TcpSegment::kPush;
  segment.payload = bytes;
  segment.bytes = n;
  make(from, milliseconds, segment, offset, frame);
  ends_[from].sent = std::max(ends_[from].sent, offset + n);
}

void Conversation::sent(Side side, const Headers& headers, std::uint64_t end) {
  End& sender = ends_[side];
  sender.identification = headers.identification;
  sender.timestamp = headers.segment.timestamp;
  sender.sent = std::max(sender.sent, end);
}

void Conversation::fin(Side from, std::uint32_t milliseconds, Frame& frame) {
  TcpSegment segment;
  segment.flags = TcpSegment::kFin;
  make(from, milliseconds, segment, ends_[from].sent, frame);
  ends_[from].finished = true;
}

void Conversation::receive(Side side, std::uint64_t offset) {
  ends_[side].received = std::max(ends_[side].received, offset);
}

}  // namespace copypath
