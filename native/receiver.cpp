#include "native/receiver.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "models/disk/media.h"
#include "models/nic/wire.h"
#include "native/checker.h"
#include "native/decoder.h"

namespace copypath::native {

namespace {

constexpr std::size_t kMostPerCall = 1024 * 1024;

bool keeps(Sink sink) { return sink == Sink::kCopy || sink == Sink::kCheck; }

/// recv() as the sink does it: interrupted never, and of one that polls without sleeping.
ssize_t take(int socket, Sink sink, void* to, std::size_t most) {
  const int flags = keeps(sink) ? 0 : sink == Sink::kPoll ? MSG_TRUNC | MSG_DONTWAIT : MSG_TRUNC;
  double stalled_until = 0;
  for (;;) {
    const ssize_t n = recv(socket, to, most, flags);
    if (n >= 0 || (errno != EINTR && errno != EAGAIN)) return n;
    if (errno == EINTR) continue;
    const double now = monotonic_seconds();
    if (sink != Sink::kPoll || (stalled_until > 0 && now > stalled_until)) {
      errno = EAGAIN;
      return n;
    }
    if (stalled_until == 0) stalled_until = now + kStallSeconds;
    spin_for(kLookAgain);
  }
}

}  // namespace

Sink sink_of(copypath::Sink sink) {
  if (sink == copypath::Sink::kCopy) return Sink::kCopy;
  return sink == copypath::Sink::kPoll ? Sink::kPoll : Sink::kDiscard;
}

Received receive(int socket, Sink sink, Encoding encoding, const WorkloadConfig& work,
                 unsigned client, std::uint64_t hang_up_after, Progress::Taken& taken) {
  Checker checker(work, client);
  const std::unique_ptr<Decoder> decoder = make_decoder(encoding);
  std::vector<std::uint8_t> buffer(keeps(sink) ? kMostPerCall : 0);
  Received received;
  while (received.bytes < hang_up_after) {
    const ssize_t n = take(socket, sink, buffer.data(), kMostPerCall);
    if (n < 0) received.problem = with_reason("recv()");
    if (n <= 0) break;
    received.bytes += static_cast<std::uint64_t>(n);
    taken = received.bytes;
    received.finished = monotonic_seconds();
    if (sink != Sink::kCheck || !received.problem.empty()) continue;
    try {
      decoder->feed(
          buffer.data(), static_cast<std::size_t>(n),
          [&](const std::uint8_t* bytes, std::size_t count) { checker.take(bytes, count); });
    } catch (const std::exception& error) {
      received.problem = error.what();
    }
  }
  if (received.finished == 0) received.finished = monotonic_seconds();
  if (sink == Sink::kCheck) received.intact = checker.complete() && received.problem.empty();
  if (!received.intact && received.problem.empty()) {
    received.problem = "what arrived is not what the file holds";
  }
  return received;
}

Received fetch(int socket, Sink sink, const Config& config, unsigned client,
               Progress::Taken& taken) {
  const Requests requests(config.workload, Media(config.workload));
  Checker checker(config.workload, client);
  std::vector<std::uint8_t> buffer(keeps(sink) ? kMostPerCall : 0);
  const std::array<char, kRequestText.count()> text{};
  Received received;
  for (std::uint64_t i = 0; i < requests.count(client); ++i) {
    if (send(socket, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
      received.problem = with_reason("send()");
      break;
    }
    std::size_t header = config.broker.header.count();
    std::size_t left = header + requests.at(client, i).bytes.count();
    while (left > 0) {
      const ssize_t n = take(socket, sink, buffer.data(), std::min(left, kMostPerCall));
      if (n < 0) received.problem = with_reason("recv()");
      if (n <= 0) break;
      const auto count = static_cast<std::size_t>(n);
      received.bytes += count;
      taken = received.bytes;
      received.finished = monotonic_seconds();
      left -= count;
      const std::size_t of_header = std::min(header, count);
      header -= of_header;
      if (sink == Sink::kCheck) checker.take(buffer.data() + of_header, count - of_header);
    }
    if (left > 0) break;
  }
  if (received.finished == 0) received.finished = monotonic_seconds();
  if (sink == Sink::kCheck) received.intact = checker.complete();
  return received;
}

}  // namespace copypath::native
