// The broker's other half: what producers send is received into a buffer, decrypted and compressed
// if need be, and written to the end of the log, which is the page cache; the disk gets it later.
// Follows ReplicaManager.appendRecords() and FileRecords.append() of Kafka 3.x. Left out: checking
// and rewriting of offsets and CRCs; a batch that does not fit begins a new segment there, here it
// is cut.
#include <algorithm>

#include "models/workload/log_broker.h"

namespace copypath {

namespace {

/// What the broker makes of a batch: the bytes that its log is to hold from there on.
class Compression : public Transform {
public:
  Compression(Media& media, const LogLayout& layout, unsigned log, Bytes end, Bytes bytes)
      : media_(media), layout_(layout), log_(log), end_(end), bytes_(bytes) {}

  void apply(const Content&, Content& out) override {
    for (Bytes done; done < bytes_;) {
      const std::uint32_t file = layout_.file(log_, end_ + done);
      const Bytes offset = end_ + done - layout_.begin_of(file);
      const Bytes part = std::min(bytes_ - done, layout_.segment() - offset);
      media_.read(file, offset.count(), part, out);
      done += part;
    }
  }

private:
  Media& media_;
  const LogLayout& layout_;
  unsigned log_;
  Bytes end_;
  Bytes bytes_;
};

SegmentList one(std::uint64_t address, Bytes bytes) {
  return {{address, static_cast<std::uint32_t>(bytes.count())}};
}

}  // namespace

void LogBroker::add_producer(unsigned number, Task& task) {
  const std::uint32_t connection = config_.workload.clients + number;
  const auto frames = static_cast<unsigned>(units_covering(config_.broker.batch, kPageSize));
  producers_.push_back(std::unique_ptr<Producer>(
      new Producer{task,
                   {connection, kernel_.device_of(connection), kernel_.skbs},
                   address_of(memory_.allocate_adjacent(frames)),
                   address_of(memory_.allocate_adjacent(frames))}));
}

void LogBroker::take_batches(unsigned number) {
  Producer& producer = *producers_[number];
  Log& log = logs_[number];
  for (unsigned batch = 0; batch < config_.broker.batches; ++batch) {
    SegmentList records = receive_batch(producer);
    if (config_.workload.transform == Transformation::kTls) records = decrypted(producer, records);
    if (config_.broker.compress) records = compressed(producer, records, log);
    append(producer.task, log, records);
    const SystemCall send(kernel_, producer.task, Call::kSend);
    producer.socket.send_request(producer.task);  // the answer
  }
}

SegmentList LogBroker::receive_batch(Producer& producer) {
  const Bytes batch = config_.broker.batch;
  for (Bytes done; done < batch;) {
    const SystemCall recv(kernel_, producer.task, Call::kRecv);
    done += producer.socket.recv(producer.task, producer.buffer + done.count(), batch - done);
  }
  return one(producer.buffer, batch);
}

SegmentList LogBroker::decrypted(Producer& producer, const SegmentList& batch) {
  const SegmentList text = one(producer.second, size_of(batch));
  producer.task.copy(Movement::kDecryptUser, batch, text, producer.task.costs().crypto_rate);
  return text;
}

SegmentList LogBroker::compressed(Producer& producer, const SegmentList& batch, Log& log) {
  const bool in_first = batch.front().address == producer.buffer;
  const SegmentList room = one(in_first ? producer.second : producer.buffer, size_of(batch));
  Compression compression(kernel_.media, layout_, log.number, log.end, batch_in_log(config_));
  const Bytes bytes = producer.task.pass(
      {Movement::kCompress, &batch, &room, producer.task.costs().compress_rate, &compression});
  return first(room, bytes);
}

/// To the end of the log, in the next segment if this one is full. Then all may have it.
void LogBroker::append(Task& task, Log& log, const SegmentList& records) {
  for (Bytes done; done < size_of(records);) {
    const std::uint32_t file = layout_.file(log.number, log.end);
    OpenFile segment = log.segments[file % layout_.segments()];
    segment.position = segment.size = log.end - layout_.begin_of(file);
    const Bytes part = std::min(size_of(records) - done, layout_.segment() - segment.position);
    {
      const SystemCall write(kernel_, task, Call::kWrite);
      write_back_->write(task, segment, slice(records, done, part));
      write_back_->balance(task);
    }
    task.settle();
    log.end += part;
    done += part;
  }
  commit(log);
}

Bytes LogBroker::appended() const {
  Bytes total;
  for (const Log& log : logs_) total += log.end - layout_.at_first();
  return total;
}

}  // namespace copypath
