// TLS in the kernel: after this, what is sent on the socket leaves as TLS records, with the key of
// tls_record.h.
#pragma once

namespace copypath::native {

/// Throws Unsupported where the kernel lacks it.
void send_tls(int socket);

}  // namespace copypath::native
