// TCP sockets, set up as every run of a scenario has them.
#pragma once

#include <cstdint>
#include <string>

#include "native/network.h"
#include "native/resources.h"

namespace copypath::native {

/// A listening socket on a free port of that address; with the stall timeout, without Nagle's
/// algorithm and without BBR (see congestion_control()), all of which the accepted sockets inherit.
/// Throws MachineLacks.
Descriptor tcp_listen(Address address, unsigned backlog);

/// The port it listens on.
std::uint16_t port_of(int socket);

/// Connects to that port there, with the same settings. Throws MachineLacks or std::runtime_error.
Descriptor tcp_connect(Address address, std::uint16_t port);

/// Throws std::runtime_error when nobody connects for too long.
Descriptor tcp_accept(int listener);

/// Has the kernel free the packets that a receiver on another processor is done with. They wait for
/// the processor that made them (skb_attempt_defer_free()) to receive something, and refer to pages
/// until then.
void free_received_packets();

/// The name of the socket's congestion control: "cubic", or "reno" where that is not allowed.
std::string congestion_control(int socket);

}  // namespace copypath::native
