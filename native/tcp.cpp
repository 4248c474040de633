#include "native/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "native/calls.h"
#include "native/input_files.h"
#include "native/processors.h"

namespace copypath::native {

namespace {

constexpr std::array<const char*, 2> kCongestionControls{"cubic", "reno"};

sockaddr_in at(Address host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

template <typename Address>
sockaddr* general(Address& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

Descriptor tcp_socket() {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket < 0) throw MachineLacks(with_reason("socket()"));
  const timeval stall{kStallSeconds, 0};
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof stall);
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof stall);
  const int on = 1;  // as servers do, and the model's: a small send is a packet
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (const char* name : kCongestionControls) {
    const auto length = static_cast<socklen_t>(std::strlen(name));
    if (setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name, length) == 0) break;
  }
  return socket;
}

}  // namespace

Descriptor tcp_listen(Address host, unsigned backlog) {
  Descriptor socket = tcp_socket();
  sockaddr_in address = at(host, 0);
  if (bind(socket, general(address), sizeof address) != 0 ||
      listen(socket, static_cast<int>(backlog)) != 0) {
    throw MachineLacks(with_reason("listening"));
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(socket, general(address), &length);
  return ntohs(address.sin_port);
}

Descriptor tcp_connect(Address host, std::uint16_t port) {
  Descriptor socket = tcp_socket();
  sockaddr_in address = at(host, port);
  while (connect(socket, general(address), sizeof address) != 0) {
    if (errno != EINTR) throw std::runtime_error(with_reason("connect()"));
  }
  return socket;
}

Descriptor tcp_accept(int listener) {
  for (;;) {
    Descriptor socket(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (socket >= 0) return socket;
    if (errno != EINTR) throw std::runtime_error(with_reason("accept()"));
  }
}

void free_received_packets() {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address = at(INADDR_LOOPBACK, 0);
  if (bind(socket, general(address), sizeof address) != 0) return;
  address = at(INADDR_LOOPBACK, port_of(socket));
  const ProcessorsKept kept;
  Processors processors = divide_processors();
  processors.servers.push_back(processors.clients);
  for (const int processor : processors.servers) {
    run_on(processor);
    sendto(socket, "", 1, 0, general(address), sizeof address);
  }
}

std::string congestion_control(int socket) {
  std::array<char, 16> name{};
  socklen_t length = name.size();
  getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &length);
  return name.data();
}

}  // namespace copypath::native
