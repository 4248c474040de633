#include "models/workload/local_reader.h"

namespace copypath {

void add_up(Connection& connection, Movement movement, const SegmentList& bytes) {
  Task& task = connection.task;
  task.read(movement, bytes, task.costs().checksum_rate);
  const Content content = connection.reader->bus.inspect(bytes);
  connection.reader->clients.take_here(connection.number(), content.size(), content);
}

}  // namespace copypath
