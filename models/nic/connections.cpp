#include "models/nic/connections.h"

namespace copypath {

void Connections::prepare(std::uint32_t last) {
  for (auto number = static_cast<std::uint32_t>(known_.size()); number <= last; ++number) {
    known_.push_back(
        {way(number, false), way(number, true), toeplitz_hash(addressing_.received(number))});
  }
}

Connections::Way Connections::way(std::uint32_t number, bool of_server) const {
  const Endpoint server = addressing_.server(number);
  const Endpoint peer = addressing_.peer(number);
  return {of_server ? prototype_of(server, peer) : prototype_of(peer, server),
          addressing_.initial(number, of_server)};
}

}  // namespace copypath
