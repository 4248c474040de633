#include "native/network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "native/calls.h"
#include "native/input_files.h"

namespace copypath::native {

namespace {

constexpr const char* kServerDevice = "copypath0";
constexpr const char* kClientDevice = "copypath1";
constexpr Address kLoopbackAddress = 0x7f000001;  // 127.0.0.1
constexpr Address kServerAddress = 0x0a000001;    // 10.0.0.1, which nobody else sees
constexpr Address kClientAddress = 0x0a000002;

/// What a frame has besides the IP packet: for tbf, and on a wire (preamble, FCS and gap, too).
constexpr double kEthernetHeader = 14;
constexpr double kWireOverhead = 38;

std::string text_of(Address address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255,
                     address & 255);
}

void lacks(const std::string& what) { throw MachineLacks(what); }

/// Runs a command of iproute2, given in words, and throws what it complains about.
void run(const std::string& command) {
  std::vector<std::string> words;
  std::istringstream stream(command);
  for (std::string word; stream >> word;) words.push_back(word);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) lacks(with_reason("pipe()"));
  Descriptor complaints(ends[0]);
  Descriptor other_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) lacks(with_reason("fork()"));
  if (child == 0) {
    dup2(other_end, STDERR_FILENO);
    dup2(other_end, STDOUT_FILENO);
    execvp(arguments[0], arguments.data());
    dprintf(STDERR_FILENO, "%s", std::strerror(errno));
    _exit(127);
  }
  other_end.reset();
  std::string said;
  std::array<char, 256> part{};
  for (ssize_t n = 0; (n = read(complaints, part.data(), part.size())) != 0;) {
    if (n > 0) said.append(part.data(), static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR) break;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return;
  lacks(fmt::format("`{}`: {}", command, said.substr(0, said.find('\n'))));
}

void set_up(const char* device, Address address, Bytes mtu) {
  run("ip link set lo up");
  run(fmt::format("ip link set {} mtu {} up", device, mtu.count()));
  run(fmt::format("ip address add {}/30 dev {}", text_of(address), device));
}

/// As `ethtool -K` does.
void switch_off(const char* device, std::uint32_t command, const char* what) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_value value{};
  value.cmd = command;
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (ioctl(socket, SIOCETHTOOL, &request) != 0) {
    lacks(with_reason(fmt::format("switching off {} of {}", what, device)));
  }
}

}  // namespace

Network::Network(const NicConfig& nic, Wire wire, bool paced)
    : nic_(nic), wire_(wire), paced_(paced) {
  if (wire_ == Wire::kLoopback) return;
  before_.reset(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (unshare(CLONE_NEWNET) == 0) return;
  if (errno == EPERM) lacks("a network of the run's own (--link veth) takes root's rights");
  lacks(with_reason("unshare(CLONE_NEWNET)"));
}

Network::~Network() {
  if (before_ >= 0) setns(before_, CLONE_NEWNET);
}

Address Network::server() const { return wire_ == Wire::kVeth ? kServerAddress : kLoopbackAddress; }

Address Network::client() const { return wire_ == Wire::kVeth ? kClientAddress : kLoopbackAddress; }

void Network::enter_as_client(pid_t server) const {
  if (wire_ == Wire::kLoopback) return;
  if (unshare(CLONE_NEWNET) != 0) lacks(with_reason("unshare(CLONE_NEWNET)"));
  run(fmt::format("ip link add {} type veth peer name {} netns {}", kClientDevice, kServerDevice,
                  server));
  set_up(kClientDevice, kClientAddress, nic_.mtu);
}

void Network::set_up_server() const {
  if (wire_ == Wire::kLoopback) return;
  set_up(kServerDevice, kServerAddress, nic_.mtu);
  // In the order of what needs what.
  if (!nic_.segmentation_offload || !nic_.scatter_gather || !nic_.checksum_offload) {
    switch_off(kServerDevice, ETHTOOL_STSO, "segmentation offload");
    switch_off(kServerDevice, ETHTOOL_SGSO, "segmentation before the device");
  }
  if (!nic_.scatter_gather) switch_off(kServerDevice, ETHTOOL_SSG, "scatter-gather");
  if (!nic_.checksum_offload) switch_off(kServerDevice, ETHTOOL_STXCSUM, "checksum offload");
  if (!paced_) return;
  const auto mtu = static_cast<double>(nic_.mtu.count());
  const double rate =
      nic_.rate.bytes_per_second() * 8 * (mtu + kEthernetHeader) / (mtu + kWireOverhead);
  run(fmt::format("tc qdisc add dev {} root tbf rate {:.0f} burst 128kb limit 64mb", kServerDevice,
                  rate));
}

}  // namespace copypath::native
