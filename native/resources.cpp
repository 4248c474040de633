#include "native/resources.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <new>

#include "native/calls.h"

namespace copypath::native {

void Descriptor::reset(int number) {
  if (number_ >= 0) close(number_);
  number_ = number;
}

Buffer::Buffer(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  size_ = std::max<std::size_t>((bytes + page - 1) / page, 1) * page;
  void* const memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::uint8_t*>(memory);
}

Buffer::~Buffer() {
  if (data_ != nullptr) munmap(data_, size_);
}

Pipe::Pipe(std::size_t bytes) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Unsupported(with_reason("pipe()"));
  out.reset(ends[0]);
  in.reset(ends[1]);
  if (fcntl(in, F_SETPIPE_SZ, static_cast<int>(bytes)) < static_cast<int>(bytes)) {
    throw Unsupported(with_reason("fcntl(F_SETPIPE_SZ)"));
  }
}

}  // namespace copypath::native
