// A program that reads a file for itself: it adds up the bytes, as a checksum does (workload.kind =
// random_reader), or writes them to another file (file_copy), and nobody sends them anywhere.
// Whether they are the right ones is checked without cost, as what arrives at a client is.
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

/// Within a call that writes to the program's other file: copies `bytes` to its end, and waits if
/// there is too much that the disk does not have yet.
void write_target(Connection& connection, Movement copy, const SegmentList& bytes);

}  // namespace copypath
