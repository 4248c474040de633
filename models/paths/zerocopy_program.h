// What every program that sends with MSG_ZEROCOPY has to do besides sending: switch it on for the
// connection, learn from the error queue which sends are complete, and not touch a buffer before.
// This one asks when it needs a buffer, and waits for the rest before it takes another request.
#pragma once

#include <string>

#include "models/workload/connection.h"

namespace copypath {

/// setsockopt(SO_ZEROCOPY), once per connection.
void enable_zerocopy(Connection& c);

/// poll() until the error queue has something, then recvmsg(MSG_ERRQUEUE).
void read_completions(Connection& c);

/// The next buffer, when the send that used it last is complete.
BufferRing::Buffer& free_buffer(Connection& c);

/// sendmsg(MSG_ZEROCOPY) of `bytes` of the buffer; again after reading completions, if there is no
/// memory for the notification (ENOBUFS).
void send_zerocopy(Connection& c, BufferRing::Buffer& buffer, Bytes bytes);

/// Waits until every send is complete.
void finish_zerocopy(Connection& c);

/// Why this machine has no MSG_ZEROCOPY (refusal of a path), "" if it has.
std::string lacks_msg_zerocopy(const Config& config);

}  // namespace copypath
