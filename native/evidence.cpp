// Loading the probes, telling them whom to watch, and reading what they have counted.
#include "native/evidence.h"

#include "native/calls.h"

#ifdef COPYPATH_PROBES

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <numeric>
#include <vector>

// The compiled probes, as they are loaded.
asm(".pushsection .rodata\n"
    ".balign 8\n"
    "copypath_probes:\n"
    ".incbin \"" COPYPATH_PROBES
    "\"\n"
    "copypath_probes_end:\n"
    ".popsection\n");
// NOLINTNEXTLINE(readability-identifier-naming): a label of the assembler
extern "C" const char copypath_probes[];
// NOLINTNEXTLINE(readability-identifier-naming): the same
extern "C" const char copypath_probes_end[];

#endif

namespace copypath::native {

void Provenance::enter(Result& result) const {
  const auto put = [&](const char* metric, std::optional<std::uint64_t> bytes) {
    if (bytes) result.values[metric] = static_cast<double>(*bytes);
  };
  put("sent_file_bytes", sent[kProvenanceFile]);
  put("sent_other_file_bytes", sent[kProvenanceOtherFile]);
  put("sent_user_bytes", sent[kProvenanceUser]);
  put("sent_kernel_bytes", sent[kProvenanceKernel]);
  put("sent_linear_bytes", sent[kProvenanceLinear]);
  put("received_file_bytes", received[kProvenanceFile] + received[kProvenanceOtherFile]);
  put("received_user_bytes", received[kProvenanceUser]);
  put("received_kernel_bytes", received[kProvenanceKernel] + received[kProvenanceLinear]);
  put("read_copied_bytes", read_copied);
}

#ifdef COPYPATH_PROBES

namespace {

/// The tracepoints without which there is nothing to say.
constexpr std::array<const char*, 2> kRequired{"handed_to_device", "received_by_tcp"};

std::uint32_t network_of(int process) {
  struct stat status {};
  const std::string name = "/proc/" + std::to_string(process) + "/ns/net";
  if (stat(name.c_str(), &status) != 0) throw Unsupported(with_reason(name));
  return static_cast<std::uint32_t>(status.st_ino);
}

std::string reason(int error) {
  if (error == EPERM || error == EACCES) {
    return "the kernel lets only root load probes (CAP_BPF and CAP_PERFMON)";
  }
  return std::string("the kernel does not take the probes: ") + std::strerror(error);
}

}  // namespace

class Evidence::Probes {
public:
  Probes() {
    if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
      throw Unsupported("the kernel does not describe its structures (no BTF)");
    }
    libbpf_set_print(nullptr);  // its messages are for those who write probes
    bpf_object_open_opts options{};
    options.sz = sizeof options;
    options.object_name = "copypath";
    const auto size = static_cast<std::size_t>(copypath_probes_end - copypath_probes);
    object_ = bpf_object__open_mem(copypath_probes, size, &options);
    if (object_ == nullptr) throw Unsupported(reason(errno));
    if (const int error = bpf_object__load(object_); error != 0) {
      bpf_object__close(object_);
      throw Unsupported(reason(-error));
    }
  }
  ~Probes() {
    for (bpf_link* link : links_) bpf_link__destroy(link);
    bpf_object__close(object_);
  }
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  int map(const char* name) const { return bpf_object__find_map_fd_by_name(object_, name); }

  /// Throws Unsupported if a tracepoint is missing that cannot be done without.
  void attach() {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_) {
      bpf_link* const link = bpf_program__attach(program);
      const std::string name = bpf_program__name(program);
      if (link != nullptr) {
        links_.push_back(link);
        attached_.push_back(name);
      } else if (name == kRequired[0] || name == kRequired[1]) {
        throw Unsupported(reason(errno));
      }
    }
  }

  /// Events that went by while the same probe was at work on their processor, and that the kernel
  /// therefore has not shown to it.
  std::uint64_t missed() const {
    std::uint64_t sum = 0;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_) {
      bpf_prog_info info{};
      std::uint32_t size = sizeof info;
      if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0) {
        sum += info.recursion_misses;
      }
    }
    return sum;
  }

  /// What has been counted in a slot, on all processors.
  std::uint64_t bytes(std::uint32_t slot) const {
    std::vector<std::uint64_t> by_processor(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    bpf_map_lookup_elem(map("bytes"), &slot, by_processor.data());
    return std::accumulate(by_processor.begin(), by_processor.end(), std::uint64_t{0});
  }

  bool attached(const char* program) const {
    for (const std::string& name : attached_) {
      if (name == program) return true;
    }
    return false;
  }

private:
  bpf_object* object_ = nullptr;
  std::vector<bpf_link*> links_;
  std::vector<std::string> attached_;
};

Evidence::Evidence(const Subject& subject, const InputFiles& files)
    : probes_(std::make_unique<Probes>()) {
  ProvenanceSettings settings{};
  settings.server_process = static_cast<std::uint32_t>(getpid());
  settings.server_network = network_of(getpid());
  settings.client_network = network_of(subject.client_process);
  settings.server_port = subject.port;
  settings.read_calls[0] = SYS_read;
  settings.read_calls[1] = SYS_pread64;
  const std::uint32_t only = 0;
  bpf_map_update_elem(probes_->map("settings"), &only, &settings, BPF_ANY);
  for (std::size_t i = 0; i < files.count(); ++i) {
    const struct stat status = files.status(i);
    const ProvenanceFile file{status.st_ino,
                              std::uint64_t{major(status.st_dev)} << 20 | minor(status.st_dev)};
    const std::uint8_t present = 1;
    if (bpf_map_update_elem(probes_->map("files"), &file, &present, BPF_ANY) != 0) {
      throw Unsupported(with_reason("telling the probes about the files"));
    }
  }
  probes_->attach();
}

Evidence::~Evidence() = default;

void Evidence::restart() {
  missed_before_ = probes_->missed();
  const std::vector<std::uint64_t> zeros(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  for (std::uint32_t slot = 0; slot < kProvenanceSlots; ++slot) {
    bpf_map_update_elem(probes_->map("bytes"), &slot, zeros.data(), BPF_ANY);
  }
  // Addresses of sockets come round.
  const int streams = probes_->map("streams");
  for (std::uint64_t socket = 0; bpf_map_get_next_key(streams, nullptr, &socket) == 0;) {
    bpf_map_delete_elem(streams, &socket);
  }
}

bool Evidence::complete() const {
  return probes_->missed() == missed_before_ && probes_->bytes(kProvenanceUnfollowed) == 0;
}

Provenance Evidence::collected() const {
  Provenance found;
  for (std::uint32_t kind = 0; kind < kProvenanceKinds; ++kind) {
    found.sent[kind] = probes_->bytes(kind);
    found.received[kind] = probes_->bytes(kProvenanceReceived + kind);
  }
  if (probes_->attached("pages_of_file_taken") && probes_->attached("call_left")) {
    found.read_copied = probes_->bytes(kProvenanceReadCopied);
  }
  return found;
}

#else

class Evidence::Probes {};

Evidence::Evidence(const Subject&, const InputFiles&) {
  throw Unsupported(
      "this program was built without clang or libbpf, which the probes need "
      "(apt-get install clang libbpf-dev, then build it anew)");
}
Evidence::~Evidence() = default;
void Evidence::restart() {}
bool Evidence::complete() const { return true; }
Provenance Evidence::collected() const { return {}; }

#endif

}  // namespace copypath::native
