// A program that reads a file for itself (workload.kind = random_reader): it adds up the bytes, as
// a checksum does, and nobody sends them anywhere. Whether they are the right ones is checked
// without cost, as what arrives at a client is.
#pragma once

#include "models/memory/memory_bus.h"
#include "models/workload/clients.h"
#include "models/workload/connection.h"

namespace copypath {

/// Who checks what a program has read, in the place of a client at the end of a wire.
struct LocalReader {
  const MemoryBus& bus;
  Clients& clients;
};

/// The program's pass over what it has asked for: one core, at cpu.checksum_rate.
void add_up(Connection& connection, Movement movement, const SegmentList& bytes);

}  // namespace copypath
