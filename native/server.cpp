#include "native/server.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "models/paths/path.h"
#include "models/platform/simulate.h"
#include "native/fetches.h"
#include "native/resources.h"
#include "native/tls_record.h"

namespace copypath::native {

namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr std::uint64_t kSector = 512;  // the unit of ru_inblock

double count(std::uint64_t n) { return static_cast<double>(n); }
double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

/// Threads that start meanwhile get no signals: those are for the main thread, and a connection
/// that has gone is an error and not SIGPIPE.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
  sigset_t before_{};
};

/// What this process has read from disks, if the kernel keeps account of it.
std::optional<std::uint64_t> disk_bytes() {
  if (access("/proc/self/io", F_OK) != 0) return std::nullopt;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<std::uint64_t>(used.ru_inblock) * kSector;
}

/// What a client has to receive, as far as that is known.
std::uint64_t encoded_size(Encoding encoding, const Connection& connection) {
  if (encoding == Encoding::kTls || encoding == Encoding::kDeflate) {
    return connection.calls.written();
  }
  return connection.total() +
         connection.header.size() * connection.requests.count(connection.number);
}

/// The kernel doubles it for its bookkeeping. Of packets of 64 KiB nearly all is payload.
void set_receive_buffer(int socket, Bytes size) {
  const auto half = static_cast<int>(std::min<std::uint64_t>(size.count() / 2, 0x3fffffff));
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &half, sizeof half) == 0) return;
  setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &half, sizeof half);
}

Descriptor listen_at(const Network& network, std::uint32_t clients) {
  network.set_up_server();
  return tcp_listen(network.server(), clients);
}

}  // namespace

struct Server::Client {
  Client(const Config& config, const Requests& requests, unsigned number)
      : connection(config, requests, number) {}

  Connection connection;
  Descriptor socket;
  std::vector<Descriptor> files;  ///< or, for a proxy, the connection to the origin
  std::string unsupported;
  std::string problem;

  void serve(const Path& path) {
    try {
      path.serve(connection);
    } catch (const Unsupported& error) {
      unsupported = error.what();
    } catch (const std::bad_alloc&) {
      unsupported = "there is not enough memory for its buffers";
    } catch (const std::exception& error) {
      problem = error.what();
    }
    if (!connection.started) connection.gate->arrive();
    if (!connection.finished) connection.after = Usage::now();
    shutdown(socket, SHUT_WR);
  }

  void give_up() const {
    shutdown(socket, SHUT_RDWR);
    for (const Descriptor& file : files) shutdown(file, SHUT_RDWR);  // only a proxy's is a socket
  }
};

Server::Server(const Config& config, const InputFiles& files, const Network& network,
               const Peer& peer, bool pace, bool checked)
    : config_(config),
      files_(files),
      network_(network),
      peer_(peer),
      checked_(checked),
      requests_(config.workload, Media(config.workload)),
      listener_(listen_at(network, config.workload.clients)) {
  // What is set here, the connections inherit.
  const auto buffer =
      static_cast<int>(std::min<std::uint64_t>(config.socket.send_buffer.count(), 0x3fffffff));
  if (setsockopt(listener_, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer) != 0) {
    setsockopt(listener_, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  }
  if (!pace || network.wire() == Wire::kVeth) return;  // a wire has its rate
  const auto rate =
      static_cast<std::uint64_t>(config.nic.rate.bytes_per_second() / config.workload.clients);
  if (setsockopt(listener_, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof rate) != 0) {
    throw MachineLacks(with_reason("setsockopt(SO_MAX_PACING_RATE)"));
  }
}

Bytes Server::send_buffer() const {
  int bytes = 0;
  socklen_t length = sizeof bytes;
  getsockopt(listener_, SOL_SOCKET, SO_SNDBUF, &bytes, &length);
  return Bytes(static_cast<std::uint64_t>(bytes) / 2);  // the kernel doubles what is asked for
}

Sample Server::run(const Path& path, std::uint64_t hang_up_after,
                   const std::function<bool()>& interrupted) const {
  Sample sample;
  std::vector<Client> clients;
  try {
    open(path, clients);
  } catch (const Unsupported& error) {
    sample.unsupported = error.what();
    return sample;
  }
  sample.residency = files_.residency();
  const auto disk_before = disk_bytes();
  std::string problem;
  const PeerReport report = path.local
                                ? read_here(path, clients, interrupted)
                                : serve_peer(path, clients, hang_up_after, interrupted, problem);
  const auto disk_after = disk_bytes();
  if (interrupted()) throw Interrupted();

  for (const Client& client : clients) {
    if (sample.unsupported.empty()) sample.unsupported = client.unsupported;
    if (problem.empty()) problem = client.problem;
  }
  if (problem.empty()) problem = report.problem.data();
  sample.problem = problem;
  if (!path.local) sample.received = report.received;
  if (disk_before && disk_after) {
    sample.result.values["disk_bytes"] = count(*disk_after - *disk_before);
  }
  measure(path, clients, report, sample);
  return sample;
}

/// Serves the clients of the other process, and asks it what came of that.
PeerReport Server::serve_peer(const Path& path, std::vector<Client>& clients,
                              std::uint64_t hang_up_after, const std::function<bool()>& interrupted,
                              std::string& problem) const {
  peer_.begin({port_of(listener_), path.source == Source::kOrigin, path.encoding, hang_up_after});
  try {
    accept(path, clients);
    serve_all(path, clients, interrupted);
  } catch (const std::exception& error) {
    for (const Client& client : clients) client.give_up();
    problem = error.what();
  }
  for (Client& client : clients) client.files.clear();  // an origin may still have bytes for us
  return peer_.report();
}

/// Programs that read for themselves need nobody.
PeerReport Server::read_here(const Path& path, std::vector<Client>& clients,
                             const std::function<bool()>& interrupted) const {
  serve_all(path, clients, interrupted);
  PeerReport report;
  for (const Client& client : clients) {
    const Connection& c = client.connection;
    report.received += c.added_up;
    report.finished = std::max(report.finished, c.after.time);
    report.intact = report.intact && c.intact;
  }
  if (!report.intact) {
    std::string("what was read is not what the file holds")
        .copy(report.problem.data(), report.problem.size() - 1);
  }
  return report;
}

void Server::open(const Path& path, std::vector<Client>& clients) const {
  const WorkloadConfig& work = config_.workload;
  const bool direct = path.source == Source::kDirectFile || work.open == FileSource::kDirect;
  if (work.open == FileSource::kDax)
    throw Unsupported("workload.open = dax: there is no such memory");
  clients.reserve(work.clients);
  for (std::size_t i = 0; i < work.clients; ++i) {
    clients.emplace_back(config_, requests_, static_cast<unsigned>(i));
    Client& client = clients.back();
    Connection& c = client.connection;
    c.checked = checked_;
    c.direct = direct;
    if (is_log_broker(config_)) {  // as the model has it: one call for a fetch, or a buffer
      const bool whole = copypath::find_path(path.name)->by_sendfile;
      c.chunk = (whole ? config_.broker.fetch : config_.broker.buffer).count();
      c.header.resize(config_.broker.header.count());
    }
    if (path.source == Source::kOrigin) continue;
    for (std::uint64_t request = 0; request < requests_.count(c.number); ++request) {
      const std::uint32_t number = requests_.at(c.number, request).file;
      if (c.files.count(number) != 0) continue;
      client.files.push_back(files_.open(number, direct, work));
      c.files[number] = {client.files.back(), files_.size(number).count()};
    }
  }
}

void Server::accept(const Path& path, std::vector<Client>& clients) const {
  for (Client& client : clients) {
    client.socket = tcp_accept(listener_);
    client.connection.socket = client.socket;
    client.connection.taken = &peer_.taken(client.connection.number);
  }
  if (path.source != Source::kOrigin) return;
  for (Client& client : clients) {
    client.files.push_back(tcp_connect(network_.client(), peer_.origin_port()));
    set_receive_buffer(client.files.back(), config_.socket.receive_buffer);
    client.connection.file = client.files.back();
  }
}

void Server::serve_all(const Path& path, std::vector<Client>& clients,
                       const std::function<bool()>& interrupted) const {
  StartGate gate(static_cast<unsigned>(clients.size()));
  std::atomic<bool> given_up{false};
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t running = clients.size();
  std::vector<std::thread> threads;
  {
    const SignalsBlocked blocked;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      Client& client = clients[i];
      const int processor = processors_.servers[i % processors_.servers.size()];
      client.connection.gate = &gate;
      client.connection.given_up = &given_up;
      const auto thread_main = [&, processor] {
        run_on(processor);
        client.serve(path);
        const std::lock_guard<std::mutex> lock(mutex);
        if (--running == 0) ended.notify_one();
      };
      try {
        threads.emplace_back(thread_main);
      } catch (const std::exception& error) {
        client.unsupported = std::string("a thread for each client: ") + error.what();
        client.give_up();
        gate.arrive();
        const std::lock_guard<std::mutex> lock(mutex);
        --running;
      }
    }
  }
  std::unique_lock<std::mutex> lock(mutex);
  while (!ended.wait_for(lock, kPoll, [&] { return running == 0; })) {
    if (!interrupted()) continue;
    given_up = true;
    for (const Client& client : clients) client.give_up();
  }
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
}

void Server::measure(const Path& path, const std::vector<Client>& clients, const PeerReport& report,
                     Sample& sample) const {
  Result& result = sample.result;
  result.path = path.name;
  result.execution = "native";
  double start = report.finished;
  double busy = 0;
  double fetches = 0;
  bool finished = true;
  Notifications notifications;
  std::uint64_t wanted = 0;
  std::uint64_t encoded = 0;
  auto& v = result.values;
  for (const Client& client : clients) {
    const Connection& c = client.connection;
    start = std::min(start, c.before.time);
    busy += c.after.cpu - c.before.cpu;
    finished = finished && c.finished;
    wanted += c.total();
    encoded += encoded_size(path.encoding, c);
    fetches += count(c.requests.count(c.number));
    for (const auto& [name, calls] : c.calls.by_name()) result.syscalls[name] += calls;
    v["syscalls_total"] += count(c.calls.total());
    v["context_switches"] += count(c.after.context_switches - c.before.context_switches);
    v["faults_minor"] +=
        count(c.after.faults_minor - c.before.faults_minor - c.calls.faults_in_advance());
    v["faults_major"] += count(c.after.faults_major - c.before.faults_major);
    notifications.sends += c.notifications.sends;
    notifications.copied += c.notifications.copied;
    notifications.refused += c.notifications.refused;
  }
  // The kernel adds its own headers to what it encrypts.
  const bool all = path.encoding == Encoding::kKernelTls ? report.received >= encoded
                                                         : report.received == encoded;
  result.delivered_ok = finished && all && report.intact;
  const double payload = count(result.delivered_ok ? wanted : std::min(wanted, report.received));
  v["payload_bytes"] = payload;
  v["elapsed_s"] = report.finished - start;
  v["throughput_Bps"] = ratio(payload, v["elapsed_s"]);
  v["cpu_busy_s"] = busy;
  v["cpu_s_per_GB"] = ratio(busy, payload / 1e9);
  v["mode_switches"] = 2 * v["syscalls_total"];
  if (is_log_broker(config_)) {
    const double record = count(config_.broker.record.count());
    v["fetches"] = fetches;
    v["records_per_s"] = ratio(payload / record, v["elapsed_s"]);
    v["cpu_s_per_fetch"] = ratio(busy, fetches);
  }
  v["zerocopy_completions"] = count(notifications.sends);
  v["zerocopy_copied"] = count(notifications.copied);
  v["zerocopy_refused"] = count(notifications.refused);
  if (path.source == Source::kOrigin) return;
  const bool cached =
      path.source == Source::kFile && config_.workload.open == FileSource::kBuffered;
  const std::uint64_t missing = sample.residency.pages - sample.residency.resident;
  // Which of them a range finds missing is not known, unless none is.
  const WorkloadConfig& work = config_.workload;
  const bool in_parts = work.listed || request_size(work, work.file_size) < work.file_size;
  if (cached && missing > 0 && in_parts) return;
  std::uint64_t lookups = 0;
  for (const Client& client : clients) lookups += client.connection.pages();
  v["page_cache_misses"] = cached ? count(missing) : 0;
  v["page_cache_hits"] = cached ? count(lookups - missing) : 0;
}

}  // namespace copypath::native
