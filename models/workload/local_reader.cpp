#include "models/workload/local_reader.h"

namespace copypath {

void add_up(Connection& connection, Movement movement, const SegmentList& bytes) {
  Task& task = connection.task;
  task.read(movement, bytes, task.costs().checksum_rate);
  const Content content = connection.reader->bus.inspect(bytes);
  connection.reader->clients.take_here(connection.number(), content.size(), content);
}

void write_target(Connection& connection, Movement copy, const SegmentList& bytes) {
  const SegmentList written =
      connection.write_back->write(connection.task, connection.target, bytes, copy);
  const Content content = connection.reader->bus.inspect(written);  // before it may be evicted
  connection.task.settle();
  connection.reader->clients.take_here(connection.number(), content.size(), content);
  connection.write_back->balance(connection.task);
}

}  // namespace copypath
