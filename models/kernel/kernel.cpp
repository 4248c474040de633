#include "models/kernel/kernel.h"

namespace copypath {

const char* name_of(Call call) {
  switch (call) {
    case Call::kRead:
      return "read";
    case Call::kWrite:
      return "write";
    case Call::kSendfile:
      return "sendfile";
    case Call::kSplice:
      return "splice";
    case Call::kMmap:
      return "mmap";
    case Call::kMunmap:
      return "munmap";
    case Call::kPread:
      return "pread";
    case Call::kPwrite:
      return "pwrite";
    case Call::kSetsockopt:
      return "setsockopt";
    case Call::kSendmsg:
      return "sendmsg";
    case Call::kPoll:
      return "poll";
    case Call::kRecvmsg:
      return "recvmsg";
    case Call::kVmsplice:
      return "vmsplice";
    case Call::kIoctl:
      return "ioctl";
    case Call::kClockNanosleep:
      return "clock_nanosleep";
    case Call::kIoUringSetup:
      return "io_uring_setup";
    case Call::kIoUringRegister:
      return "io_uring_register";
    case Call::kIoUringEnter:
      return "io_uring_enter";
    case Call::kRecv:
      return "recv";
    case Call::kSend:
      return "send";
    case Call::kEpollWait:
      return "epoll_wait";
    case Call::kWritev:
      return "writev";
  }
  return "?";
}

namespace {

std::vector<std::unique_ptr<NetDevice>> make_devices(const Config& config,
                                                     std::deque<NicQueues>& nics,
                                                     PhysicalMemory& memory, SkbAllocator& skbs) {
  std::vector<std::unique_ptr<NetDevice>> devices;
  for (NicQueues& nic : nics) {
    const std::string name = nic.nic == 0 ? "device" : "device" + std::to_string(nic.nic);
    devices.push_back(
        std::make_unique<NetDevice>(name.c_str(), config, nic, memory.coherent, skbs));
  }
  return devices;
}

}  // namespace

Kernel::Kernel(const sc_core::sc_module_name& name, const Config& config, PhysicalMemory& memory,
               Media& media_on_disk, std::deque<DiskQueues>& disks, std::deque<NicQueues>& nics)
    : sc_module(name),
      media(media_on_disk),
      block("block", {config.disk, media_on_disk.file_size()}, disks),
      page_cache("page_cache", config.page_cache, memory, block, media_on_disk),
      skbs(memory, page_cache),
      devices(make_devices(config, nics, memory, skbs)),
      device(*devices.front()),
      timer("timer") {}

std::uint64_t Kernel::calls() const {
  std::uint64_t total = 0;
  for (const std::uint64_t n : calls_) total += n;
  return total;
}

void Kernel::trace(sc_core::sc_trace_file* file) const {
  page_cache.trace(file);
  for (const auto& each : devices) each->trace(file);
  sc_core::sc_trace(file, mode_switches_, "kernel.mode_switches", 32);
  for (std::size_t i = 0; i < kCalls; ++i) {
    sc_core::sc_trace(file, calls_[i], std::string("kernel.calls_") + name_of(static_cast<Call>(i)),
                      32);
  }
}

std::vector<std::string> Kernel::idle_lanes() const {
  std::vector<std::string> lanes;
  for (std::size_t i = 0; i < kCalls; ++i) {
    const auto call = static_cast<Call>(i);
    const bool textbook = call == Call::kRead || call == Call::kWrite || call == Call::kSendfile;
    if (calls_[i] == 0 && !textbook) lanes.push_back(std::string("calls_") + name_of(call));
  }
  return lanes;
}

SystemCall::SystemCall(Kernel& kernel, Task& task, Call call)
    : kernel_(kernel), task_(task), call_(call) {
  // What one sendfile() moves is a connection's turn (sendfile_max_chunk).
  Multiplexer* const multiplexer = task_.multiplexer();
  if (multiplexer != nullptr && call_ == Call::kSendfile) multiplexer->take_turn();
  enter();
}

SystemCall::~SystemCall() { leave(); }

void SystemCall::enter() {
  kernel_.enter(call_);
  task_.set_system_call(this);
  task_.show("kernel", name_of(call_));
  const CpuConfig& costs = task_.costs();
  task_.spend(costs.syscall / 2);
  if (call_ == Call::kRead || call_ == Call::kPread) task_.spend(costs.read_call);
  if (call_ == Call::kWrite || call_ == Call::kWritev || call_ == Call::kSendmsg ||
      call_ == Call::kSend) {
    task_.spend(costs.send_call);
  }
  if (call_ == Call::kSplice) task_.spend(costs.splice_call);
  if (call_ == Call::kVmsplice) task_.spend(costs.vmsplice_call);
  if (call_ == Call::kIoctl) task_.spend(costs.ioctl_call);
}

void SystemCall::leave() {
  task_.spend(task_.cpu().config().syscall / 2);
  task_.show("user", "");
  task_.set_system_call(nullptr);
  kernel_.leave();
}

}  // namespace copypath
