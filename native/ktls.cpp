#include "native/ktls.h"

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "native/calls.h"
#include "native/tls_record.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

namespace copypath::native {

void send_tls(int socket) {
  if (setsockopt(socket, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") != 0) {
    const char* const reason =
        errno == ENOENT ? "this kernel has no TLS (CONFIG_TLS, module tls): " : "";
    throw Unsupported(with_reason(std::string(reason) + "setsockopt(TCP_ULP, \"tls\")"));
  }
  tls12_crypto_info_aes_gcm_256 keys{};
  keys.info.version = TLS_1_3_VERSION;
  keys.info.cipher_type = TLS_CIPHER_AES_GCM_256;
  std::copy(kTlsKey.begin(), kTlsKey.end(), keys.key);
  std::copy_n(kTlsIv.begin(), sizeof keys.salt, keys.salt);
  std::copy(kTlsIv.begin() + sizeof keys.salt, kTlsIv.end(), keys.iv);
  if (setsockopt(socket, SOL_TLS, TLS_TX, &keys, sizeof keys) != 0) {
    throw Unsupported(with_reason("setsockopt(TLS_TX) with AES-256-GCM of TLS 1.3"));
  }
}

}  // namespace copypath::native
