// What a web server sends before a file, as nginx does: it reads the request, writes a header into
// memory of its own, and sends that with writev(), encrypted like the rest. With web.tcp_nopush the
// socket is corked meanwhile, so that header and file share their first packet; under TLS the
// header is a record of its own, which nothing is waited for. Left out: parsing, logging, opening
// the file (open_file_cache), and that nginx puts the header into the same writev() as the first
// buffer.
#pragma once

#include "models/paths/path.h"
#include "models/workload/connection.h"

namespace copypath {

/// The file whose content the headers of responses have, for who checks them: the one after those
/// of the site.
inline std::uint32_t header_file(const Media& media) { return media.files(); }

struct ResponseHeader {
  Bytes size;
  bool cork;  ///< it waits for what follows (TCP_CORK)
};

void begin_response(Connection& connection, const Path& path, const ResponseHeader& header);
void end_response(Connection& connection, const Path& path, const ResponseHeader& header);

}  // namespace copypath
