#include "models/workload/pipe_reader.h"

#include <algorithm>

namespace copypath {

void PipeReader::got(const SegmentList& bytes) {
  task.settle();
  const Bytes total = size_of(bytes);
  for (Bytes done; done < total;) {  // one copy of the other's buffer after the other
    const Bytes part = std::min(total - done, config.workload.file_size - position);
    const Content content = checker.bus.inspect(slice(bytes, done, part));
    checker.clients.take_here(number, part, content);
    position = (position + part) % config.workload.file_size;
    done += part;
  }
}

}  // namespace copypath
