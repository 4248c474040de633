#include "native/receiver.h"

#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "native/checker.h"
#include "native/decoder.h"

namespace copypath::native {

namespace {

constexpr std::size_t kMostPerCall = 1024 * 1024;

}  // namespace

Received receive(int socket, Sink sink, Encoding encoding, const WorkloadConfig& work,
                 unsigned client, std::uint32_t file, std::uint64_t hang_up_after) {
  Checker checker(work, client, file);
  const std::unique_ptr<Decoder> decoder = make_decoder(encoding);
  std::vector<std::uint8_t> buffer(sink == Sink::kDiscard ? 0 : kMostPerCall);
  const int flags = sink == Sink::kDiscard ? MSG_TRUNC : 0;
  Received received;
  while (received.bytes < hang_up_after) {
    const ssize_t n = recv(socket, buffer.data(), kMostPerCall, flags);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) received.problem = with_reason("recv()");
    if (n <= 0) break;
    received.bytes += static_cast<std::uint64_t>(n);
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

}  // namespace copypath::native
