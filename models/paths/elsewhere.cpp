// Sources: sendfile(2), splice(2) and socket(7) of Linux man-pages; sendfile(2), ktls(4) and
// setsockopt(2) of FreeBSD; sendfile(2) and fcntl(2) of macOS; TransmitFile, RIOSend and CreateFile
// of Microsoft Learn; sources of OpenJDK (FileChannelImpl), Go (internal/poll, net, io), CPython
// (Lib/socket.py, Lib/shutil.py), nginx and OpenSSL 3.0.
#include "models/paths/elsewhere.h"

#include <map>

namespace copypath {

namespace {

using Table = std::map<std::string, std::vector<Elsewhere>>;

const std::vector<Elsewhere> kSendfile{
    {"FreeBSD", "sendfile(fd, s, offset, nbytes, hdtr, sbytes, flags)",
     "nbytes = 0 sends to the end of the file; headers and trailers go along; since 11 it returns "
     "before the disk has read; SF_NODISKIO, SF_NOCACHE, SF_USER_READAHEAD"},
    {"macOS", "sendfile(fd, s, offset, &len, hdtr, 0)",
     "len says how much before the call, and how much it was after"},
    {"Windows", "TransmitFile(socket, file, bytes, per_send, overlapped, buffers, flags)",
     "at most 2,147,483,646 bytes per call; client editions run two at a time"},
    {"Java", "FileChannel.transferTo(position, count, target)",
     "at most 2^31 - 1 bytes; falls back to a mapping, then to a buffer, without a word"},
    {"Go", "io.Copy(conn, file), (*net.TCPConn).ReadFrom(file)",
     "also through an io.LimitedReader; any other wrapper falls back to read and write with 32 "
     "KiB"},
    {"Python", "socket.sendfile(file, offset, count)",
     "os.sendfile() with at most 2^30 bytes at once; falls back to send()"},
    {"nginx", "sendfile on; sendfile_max_chunk",
     "limits what one call may send, so that a fast client does not hold the worker"},
};

const Table& table() {
  static const Table kTable{
      {"read_write",
       {{"every system", "read(), write(); ReadFile(), WriteFile()", "the way that always works"},
        {"Java", "InputStream.transferTo(out), Files.copy(path, out)",
         "through a byte array; the runtime copies it once more to memory outside of the heap"},
        {"Go", "io.Copy(dst, src)", "32 KiB at a time, unless one side knows better"},
        {"Python", "shutil.copyfileobj(src, dst)", "64 KiB at a time; every chunk is an object"}}},
      {"mmap_write",
       {{"FreeBSD, macOS", "mmap(), write()", "faults as here; no MAP_POPULATE on macOS"},
        {"Windows", "CreateFileMapping(), MapViewOfFile(), send()",
         "a file that shrinks raises EXCEPTION_IN_PAGE_ERROR where Linux sends SIGBUS"},
        {"Java", "FileChannel.map() and SocketChannel.write()",
         "2^31 - 1 bytes per buffer; unmapped when the garbage collector gets to it"},
        {"Python", "mmap.mmap(), socket.send()",
         "the slice of a mapping is a copy, a memoryview not"}}},
      {"sendfile", kSendfile},
      {"user_tls",
       {{"every system", "SSL_write() after read(); Schannel, Secure Transport, JSSE",
         "what happens unless somebody hands the key to the kernel"},
        {"Java", "SSLEngine.wrap() into a buffer, SocketChannel.write()",
         "transferTo() to such a channel falls back to a buffer"},
        {"Go", "tls.Conn.Write()", "16 KiB per record, smaller at the beginning; no kTLS"},
        {"Python", "ssl.SSLSocket.send(); sendfile() of it falls back to send()",
         "the GIL is released while OpenSSL encrypts"}}},
      {"user_tls_mmap",
       {{"every system", "SSL_write() from a mapping",
         "works wherever mmap() does; a file that shrinks kills the TLS library with SIGBUS"},
        {"Python", "ssl.SSLSocket.send(memoryview(mmap))", "a slice without a memoryview copies"}}},
      {"ktls_sendfile",
       {{"FreeBSD", "sendfile() after setsockopt(TCP_TXTLS_ENABLE)",
         "since 13; never copied for the NIC; the software encrypts in threads of its own"},
        {"OpenSSL", "SSL_sendfile(), SSL_OP_ENABLE_KTLS, KTLSTxZerocopySendfile",
         "since 3.0; the last one, for TLS_TX_ZEROCOPY_RO, since 3.2"},
        {"nginx", "sendfile on; ssl_conf_command Options KTLS", "since 1.21.4, with OpenSSL 3.0"},
        {"Windows, Java, Go", "-", "nothing like it: sendfile() is out of reach under TLS"}}},
      {"ktls_write",
       {{"FreeBSD", "write() after setsockopt(TCP_TXTLS_ENABLE)", "since 13"},
        {"OpenSSL", "SSL_write() with SSL_OP_ENABLE_KTLS",
         "since 3.0; falls back to user space if the kernel refuses, BIO_get_ktls_send() tells"},
        {"Windows, Java, Go", "-", "no way to hand the key to the kernel"}}},
      {"compress_write",
       {{"every system", "deflate() or another compressor, then write()",
         "files that are asked for often are better compressed once and kept"},
        {"nginx", "gzip on; gzip_static on",
         "the first compresses each time, the second sends a file that is compressed already"},
        {"Java", "GZIPOutputStream", "one more buffer, and nothing is flushed unless asked for"}}},
      {"splice",
       {{"FreeBSD, macOS, Windows", "-", "no pipes of pages; sendfile() is as far as they go"},
        {"Go", "io.Copy(conn, conn)",
         "splice() between TCP and Unix sockets, through a pool of pipes"},
        {"Python", "os.splice(src, dst, count)", "since 3.10; the pipe is yours to keep"}}},
      {"vmsplice",
       {{"FreeBSD, macOS, Windows", "-", "nothing like it"},
        {"every language", "-", "moving garbage collectors and page flipping do not go together"}}},
      {"msg_zerocopy_read",
       {{"FreeBSD", "-", "zero-copy sockets were removed in 12: copying was faster"},
        {"Windows", "RIOSend() on a registered buffer", "completions on a queue, as here"},
        {"Java, Go, Python", "-", "the error queue is not in their interfaces; send() copies"}}},
      {"msg_zerocopy_mmap",
       {{"FreeBSD", "sendfile()", "does the same without pinning"},
        {"Windows", "RIOSend() on a registered view", "the buffer has to be registered first"}}},
      {"io_uring_zc",
       {{"FreeBSD", "aio_write(), kqueue", "asynchronous, but it copies"},
        {"Windows", "I/O rings (files only) and registered I/O (sockets)",
         "two interfaces for one"},
        {"Java, Go", "-", "netty has an io_uring transport; the runtimes use epoll"}}},
      {"direct_write",
       {{"FreeBSD", "open(O_DIRECT)", "a request: the file system may go through the cache"},
        {"macOS", "fcntl(fd, F_NOCACHE, 1)", "a request, too"},
        {"Windows", "CreateFile(FILE_FLAG_NO_BUFFERING)", "offset, size and buffer whole sectors"},
        {"Java", "FileChannel.open(path, ExtendedOpenOption.DIRECT)", "since 10"}}},
      {"direct_zc",
       {{"Windows", "FILE_FLAG_NO_BUFFERING and RIOSend()", "the same buffer for both"}}},
      {"java_transfer_to",
       {{"Java", "FileChannel.transferTo(position, count, target)",
         "what a Netty FileRegion and Kafka's fetches come down to"},
        {".NET", "Socket.SendFile()", "TransmitFile() or sendfile()"},
        {"Go", "(*os.File).WriteTo(), (*net.TCPConn).ReadFrom()", "the same decision by type"}}},
      {"copy_via_buffered_stream",
       {{"C", "fread(), fwrite()", "a buffer of 4 KiB; larger requests pass it"},
        {"Java", "BufferedInputStream, BufferedOutputStream", "8 KiB; larger requests pass it"},
        {"Go", "bufio.Reader, bufio.Writer", "4 KiB; hides the file from io.Copy()"},
        {"Python", "open(path, 'rb')", "8 KiB, BufferedReader; buffering=0 does without"}}},
      {"proxy_splice",
       {{"FreeBSD", "setsockopt(SO_SPLICE)", "since 15: two sockets, no pipe, no calls"},
        {"HAProxy", "option splice-auto", "decides by what has come so far"},
        {"Go", "io.Copy(conn, conn)", "splice() by itself"}}},
      {"proxy_read_write",
       {{"every system", "recv(), send()", "what a proxy does that must look at the bytes"},
        {"nginx", "proxy_pass", "always, with or without buffering"}}},
      {"pread",
       {{"Windows", "ReadFile() with an OVERLAPPED offset", "the same"},
        {"Java", "FileChannel.read(buffer, position)",
         "one more copy, unless the buffer is direct"},
        {"Python", "os.pread(fd, count, offset)", "a new object for every call"}}},
      {"mmap_read",
       {{"FreeBSD, macOS", "mmap()", "faults as here; what they map around a page differs"},
        {"Windows", "CreateFileMapping(), MapViewOfFile()", "faults bring clusters of pages"},
        {"Java", "FileChannel.map(), MemorySegment", "a file that shrinks raises InternalError"}}},
      {"copy_read_write",
       {{"C", "fread(), fwrite()", "a buffer of 4 KiB; larger requests pass it"},
        {"Java", "InputStream.transferTo(out)", "a buffer of 8 KiB, later 16 KiB"},
        {"Python", "shutil.copyfileobj()", "a buffer of 64 KiB, later 256 KiB"}}},
      {"copy_sendfile",
       {{"Linux", "copy_file_range()", "the same, or shares the blocks if the file system can"},
        {"Python", "shutil.copyfile()", "sendfile(), since 3.8"},
        {"macOS", "copyfile(COPYFILE_CLONE)", "shares the blocks if the file system can"}}},
      {"pipe_write_read",
       {{"every shell", "a | b", "unless the programs know better"},
        {"Windows", "CreatePipe(), WriteFile(), ReadFile()", "a buffer in the kernel as well"}}},
      {"pipe_vmsplice_read",
       {{"FreeBSD", "write(), read()",
         "a blocking write() of 8 KiB or more refers to the program's pages by itself"}}},
      {"pipe_vmsplice_splice",
       {{"pv", "splice()", "hands on what comes through a pipe; -C does without"}}},
  };
  return kTable;
}

}  // namespace

std::vector<Elsewhere> elsewhere(const std::string& path) {
  const auto found = table().find(path);
  return found == table().end() ? std::vector<Elsewhere>{} : found->second;
}

}  // namespace copypath
