#include "native/receiver.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "models/disk/media.h"
#include "native/decoder.h"

namespace copypath::native {

namespace {

constexpr std::size_t kMostPerCall = 1024 * 1024;

/// Compares what arrives with the file, over and over.
class Checker {
public:
  Checker(const WorkloadConfig& work, std::uint32_t file)
      : work_(work), file_(file), media_(work) {}

  void take(const std::uint8_t* bytes, std::size_t count) {
    while (count > 0 && intact_) {
      const std::uint64_t size = work_.file_size.count();
      const std::uint64_t n = std::min<std::uint64_t>(count, size - position_);
      expected_.clear();
      media_.read(file_, position_, Bytes(n), expected_);
      intact_ = n > 0 && std::memcmp(expected_.bytes().data(), bytes, n) == 0;
      bytes += n;
      count -= n;
      position_ += n;
      if (position_ < size) continue;
      position_ = 0;
      ++files_;
    }
  }

  bool complete() const {
    const bool all = work_.file_size == Bytes(0) || files_ == work_.requests;
    return intact_ && position_ == 0 && all;
  }

private:
  const WorkloadConfig& work_;
  std::uint32_t file_;
  Media media_;
  Content expected_;
  std::uint64_t position_ = 0;
  std::uint64_t files_ = 0;
  bool intact_ = true;
};

WorkloadConfig as_bytes(WorkloadConfig work) {
  work.data = Data::kBytes;
  return work;
}

}  // namespace

Received receive(int socket, Sink sink, Encoding encoding, const WorkloadConfig& work,
                 std::uint32_t file, std::uint64_t hang_up_after) {
  const WorkloadConfig expected = as_bytes(work);
  Checker checker(expected, file);
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
