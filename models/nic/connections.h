// What all packets of a connection have in common, either way: the headers but for what changes
// from one to the next, the initial sequence numbers, and the hash of receive-side scaling. Worked
// out once for each connection, when its first packet comes.
#pragma once

#include <array>
#include <vector>

#include "models/nic/frame.h"
#include "models/nic/rss.h"

namespace copypath {

class Connections {
public:
  explicit Connections(const Addressing& addressing) : addressing_(addressing) {}

  /// One of the two directions.
  struct Way {
    HeaderPrototype headers;
    std::uint32_t initial;  ///< sequence number
  };
  struct Connection {
    Way from_peer;
    Way from_server;
    std::uint32_t hash;  ///< over what the server receives

    const Way& way(bool of_server) const { return of_server ? from_server : from_peer; }
  };

  const Addressing& addressing() const { return addressing_; }

  /// Until the next one is asked for.
  const Connection& operator[](std::uint32_t number) {
    if (number >= known_.size()) prepare(number);
    return known_[number];
  }

private:
  void prepare(std::uint32_t last);
  Way way(std::uint32_t number, bool of_server) const;

  Addressing addressing_;
  std::vector<Connection> known_;
};

}  // namespace copypath
