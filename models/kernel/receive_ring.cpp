#include "models/kernel/receive_ring.h"

#include <algorithm>
#include <utility>

#include "models/kernel/tcp_receiver.h"

namespace copypath {

ReceiveRing::ReceiveRing(const NicConfig& config, RxQueues& queues, SkbAllocator& skbs,
                         const std::vector<TcpReceiver*>& receivers, std::function<void()> doorbell)
    : size_(std::max(kBufferSize, ReceiveEngine::slot(segment_size(config)))),
      queues_(queues),
      skbs_(skbs),
      receivers_(receivers),
      doorbell_(std::move(doorbell)) {}

void ReceiveRing::fill() {
  while (queues_.buffers.size() < kBuffers) lend();
}

void ReceiveRing::lend() {
  KernelPages* pages = skbs_.allocate_pages(size_);
  queues_.buffers.push_back({pages->address(), size_, pages});
}

// net_rx_action()
void ReceiveRing::run(Execution& softirq) {
  while (has_packets()) {
    const RxPacket packet = std::move(queues_.packets.front());
    queues_.packets.pop_front();
    softirq.spend(softirq.costs().receive);
    softirq.settle();
    deliver(packet);
  }
}

void ReceiveRing::deliver(const RxPacket& packet) {
  FragmentList fragments;
  for (const RxPacket::Frame& frame : packet.frames) {
    fragments.push_back(
        {frame.payload, Place::kSocketBuffer, static_cast<KernelPages*>(frame.buffer)});
  }
  receivers_[packet.connection]->receive(packet.sequence, fragments.data(), fragments.size());
  for (void* finished : packet.finished) {
    skbs_.put(*static_cast<KernelPages*>(finished));
    lend();
  }
  if (!packet.finished.empty()) doorbell_();
}

}  // namespace copypath
