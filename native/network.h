// The network between server and clients: the loopback device, or a pair of virtual Ethernet
// devices (veth) whose ends lie in two network namespaces of the run's own, with the abilities that
// the scenario's NIC has and, if wanted, its rate (a token bucket, tbf). The namespaces have no
// names: the kernel removes them, and the devices in them, with the last process that is in them,
// however that ends.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "models/platform/config.h"
#include "native/resources.h"

namespace copypath::native {

/// An IPv4 address, in the byte order of this machine.
using Address = std::uint32_t;

enum class Wire { kLoopback, kVeth };

class Network {
public:
  /// `veth` takes this process into a namespace of its own. `paced`: at the NIC's rate. Throws
  /// MachineLacks.
  Network(const NicConfig& nic, Wire wire, bool paced);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  Wire wire() const { return wire_; }
  Address server() const;
  Address client() const;

  /// Takes this process to the clients' end, and makes both. `server`: the process at the other
  /// one. Throws MachineLacks.
  void enter_as_client(pid_t server) const;
  /// Sets up the server's end, which enter_as_client() has made.
  void set_up_server() const;

private:
  NicConfig nic_;
  Wire wire_;
  bool paced_;
  Descriptor before_;  ///< the namespace that this process came from
};

}  // namespace copypath::native
