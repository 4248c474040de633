// The other process, from the fork to its end. It has a thread for each client and, for a proxy,
// one more for each that fetches; the two processes speak in records over a socket pair.
#include "native/peer.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "models/disk/media.h"
#include "models/nic/wire.h"
#include "models/workload/requests.h"
#include "native/fetches.h"
#include "native/processors.h"
#include "native/tcp.h"

namespace copypath::native {

namespace {

constexpr std::size_t kOriginBuffer = 64 * 1024;

class Clients {
public:
  Clients(const Config& config, const InputFiles& files, Address server, Sink sink, int origin,
          const Progress& progress)
      : config_(config),
        files_(files),
        server_(server),
        sink_(sink),
        origin_(origin),
        progress_(progress) {}

  PeerReport run(const PeerRun& run) const {
    std::vector<Descriptor> sockets;
    std::vector<Descriptor> fetchers;
    for (unsigned i = 0; i < config_.workload.clients; ++i)
      sockets.push_back(tcp_connect(server_, run.port));
    while (run.proxied && fetchers.size() < sockets.size()) fetchers.push_back(tcp_accept(origin_));
    std::vector<Received> received(sockets.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      try {
        if (run.proxied)
          threads.emplace_back([&, i] { provide(fetchers[i], static_cast<unsigned>(i)); });
        threads.emplace_back([&, i] {
          received[i] = take(sockets[i], run, static_cast<unsigned>(i));
          sockets[i].reset();
        });
      } catch (const std::exception& error) {
        received[i].problem = std::string("a thread for each client: ") + error.what();
        sockets[i].reset();
      }
    }
    for (std::thread& thread : threads) thread.join();
    return sum(received);
  }

private:
  // A thread must not end with an exception: out of memory, they say so.
  Received take(int socket, const PeerRun& run, unsigned client) const try {
    return is_log_broker(config_) ? fetch(socket, sink_, config_, client, progress_.of(client))
                                  : receive(socket, sink_, run.encoding, config_.workload, client,
                                            run.hang_up_after, progress_.of(client));
  } catch (const std::bad_alloc&) {
    Received nothing;
    nothing.problem = "out of memory";
    return nothing;
  }

  /// The origin of a proxy: sends what it is asked for. It copies: the pages of a file on this very
  /// machine would go all the way to the client by reference, as no wire lets them.
  void provide(int socket, unsigned client) const try {
    const Requests requests(config_.workload, Media(config_.workload));
    std::vector<std::uint8_t> buffer(kOriginBuffer);
    for (std::uint64_t number = 0; number < requests.count(client); ++number) {
      const Request request = requests.at(client, number);
      if (request.bytes == Bytes(0)) continue;
      std::array<char, kRequestText.count()> text{};
      if (recv(socket, text.data(), text.size(), MSG_WAITALL) <= 0) return;
      const Descriptor file = files_.open(request.file, false, config_.workload);
      std::uint64_t position = request.offset.count();
      const std::uint64_t end = (request.offset + request.bytes).count();
      while (position < end) {
        const auto wanted = std::min<std::uint64_t>(buffer.size(), end - position);
        const ssize_t n = pread(file, buffer.data(), wanted, static_cast<off_t>(position));
        if (n <= 0) return;
        const auto bytes = static_cast<std::size_t>(n);
        if (send(socket, buffer.data(), bytes, MSG_NOSIGNAL) != n) return;
        position += bytes;
      }
    }
  } catch (const std::bad_alloc&) {
    shutdown(socket, SHUT_RDWR);  // the proxy finds that bytes are missing
  }

  static PeerReport sum(const std::vector<Received>& received) {
    PeerReport report;
    for (const Received& one : received) {
      report.received += one.bytes;
      report.finished = std::max(report.finished, one.finished);
      report.intact = report.intact && one.intact;
      if (report.problem[0] == '\0')
        one.problem.copy(report.problem.data(), report.problem.size() - 1);
    }
    return report;
  }

  const Config& config_;
  const InputFiles& files_;
  Address server_;
  Sink sink_;
  int origin_;
  const Progress& progress_;
};

void serve_runs(const Clients& clients, int control) {
  for (PeerRun wanted; recv(control, &wanted, sizeof wanted, 0) == sizeof wanted;) {
    PeerReport report;
    try {
      report = clients.run(wanted);
    } catch (const std::exception& error) {
      report.intact = false;
      std::string(error.what()).copy(report.problem.data(), report.problem.size() - 1);
    }
    if (send(control, &report, sizeof report, MSG_NOSIGNAL) != sizeof report) break;
  }
}

}  // namespace

Peer::Peer(const Config& config, const InputFiles& files, const Network& network, Sink sink,
           int processor, const std::function<void()>& on_orphaned)
    : clients_(config.workload.clients), progress_(clients_) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw MachineLacks(with_reason("socketpair()"));
  }
  control_.reset(ends[0]);
  Descriptor other_end(ends[1]);
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ < 0) throw MachineLacks(with_reason("fork()"));
  if (process_ > 0) {
    other_end.reset();
    wait_until_ready();
    return;
  }
  // Interrupts are for the parent to deal with. When it dies, so do its sockets, and with them
  // this: sooner than the kernel gives it another parent.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
  control_.reset();
  PeerStart start;
  Descriptor origin;
  try {
    network.enter_as_client(parent);
    run_on(processor);
    origin = tcp_listen(network.client(), config.workload.clients);
    start.origin_port = port_of(origin);
  } catch (const std::exception& error) {
    std::string(error.what()).copy(start.problem.data(), start.problem.size() - 1);
  }
  send(other_end, &start, sizeof start, MSG_NOSIGNAL);
  serve_runs(Clients(config, files, network.server(), sink, origin, progress_), other_end);
  on_orphaned();
  // Not exit(): the parent's objects, on the stack above and elsewhere, are not this process's.
  _exit(EXIT_SUCCESS);
}

void Peer::wait_until_ready() {
  PeerStart start;
  ssize_t n = 0;
  while ((n = recv(control_, &start, sizeof start, 0)) < 0 && errno == EINTR) {
  }
  if (n != sizeof start) std::string("it has died").copy(start.problem.data(), 20);
  origin_port_ = start.origin_port;
  if (start.problem[0] == '\0') return;
  end();
  throw MachineLacks(std::string("the process of the clients: ") + start.problem.data());
}

Peer::~Peer() { end(); }

void Peer::end() {
  kill(process_, SIGKILL);  // before its socket closes, which would tell it of an orphan's duties
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  control_.reset();
}

void Peer::begin(const PeerRun& run) const {
  for (std::size_t i = 0; i < clients_; ++i) progress_.of(i) = 0;
  if (send(control_, &run, sizeof run, MSG_NOSIGNAL) != sizeof run) {
    throw std::runtime_error(with_reason("the process of the clients has died"));
  }
}

PeerReport Peer::report() const {
  PeerReport report;
  for (;;) {
    const ssize_t n = recv(control_, &report, sizeof report, 0);
    if (n == sizeof report) return report;
    if (n < 0 && errno == EINTR) continue;
    throw std::runtime_error("the process of the clients has died");
  }
}

}  // namespace copypath::native
