#include "native/discarder.h"

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
// The kernel's header does without the C library's timespec only if that has been included.
#include <linux/tcp.h>  // struct tcp_info as the kernel has it

#include "native/calls.h"
#include "native/connection.h"
#include "native/input_files.h"
#include "native/primitives.h"
#include "native/processors.h"
#include "native/tcp.h"

namespace copypath::native {

namespace {

constexpr Address kHere = 0x7f000001;
constexpr int kSendBuffer = 256 * 1024;
constexpr double kGone = 10;  // seconds after which it is not waited for any more

}  // namespace

Discarder::Discarder() {
  const Descriptor listener = tcp_listen(kHere, 1);
  setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  const std::uint16_t port = port_of(listener);
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw MachineLacks(with_reason("mmap()"));
  shared_ = new (memory) Shared;
  process_ = fork();
  if (process_ < 0) throw MachineLacks(with_reason("fork()"));
  if (process_ == 0) discard(port);
  socket_ = tcp_accept(listener);
}

Discarder::~Discarder() {
  socket_.reset();
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  munmap(shared_, sizeof(Shared));
}

void Discarder::take(const Buffer& buffer, std::size_t bytes) const {
  if (bytes % kPage != 0) throw std::logic_error("only whole pages are sent to a discarder");
  while (send(socket_, buffer.data(), bytes, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) throw std::runtime_error(with_reason("send()"));
  }
}

double Discarder::packets() const {
  tcp_info info{};
  socklen_t length = sizeof info;
  getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &info, &length);
  return info.tcpi_data_segs_out;
}

void Discarder::keep_awake(bool awake) const {
  shared_->awake = awake;
  take(Buffer(kPage), kPage);  // whatever it does, it looks
  spin_for(10 * kUntilItSleeps);
}

double Discarder::wait_until_it_wakes(double time) const {
  while (shared_->woke_at < time) {
    if (monotonic_seconds() > time + kGone) throw Unsupported("the receiver does not come");
  }
  return shared_->woke_at;
}

void Discarder::discard(std::uint16_t port) const {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_IGN);
  run_on(divide_processors().clients);
  try {
    const Descriptor socket = tcp_connect(kHere, port);
    for (;;) {
      const int flags = shared_->awake ? MSG_TRUNC | MSG_DONTWAIT : MSG_TRUNC;
      const ssize_t got = recv(socket, nullptr, 1024 * 1024, flags);
      shared_->woke_at = monotonic_seconds();
      if (got == 0 || (got < 0 && errno == ECONNRESET)) break;
      if (got < 0) spin_for(kLookAgain);
    }
  } catch (const std::exception&) {
  }
  _exit(EXIT_SUCCESS);
}

double seconds_per_call(const Discarder& to, std::size_t times, double packets,
                        const std::function<void()>& call) {
  const double before = to.packets();
  const double seconds = cpu_seconds([&] {
    for (std::size_t i = 0; i < times; ++i) call();
  });
  return seconds * packets / std::max(1.0, to.packets() - before);
}

double packets_of(std::size_t bytes) {
  return static_cast<double>((bytes + kPacket - 1) / kPacket);
}

}  // namespace copypath::native
