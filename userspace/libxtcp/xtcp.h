/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libxtcp: what the socket calls alone do not give to a program that talks
 * over XTCP.
 *
 * Every descriptor that comes from here is an ordinary stream socket.  Take
 * accept(), poll(), shutdown(), close(), setsockopt() and the rest from the
 * system as for TCP; addresses are plain sockaddr_in and sockaddr_in6.
 *
 * Unless stated otherwise a function returns -1 and sets errno when it fails.
 * All functions may be called from any number of threads.
 */
#ifndef _XTCP_H
#define _XTCP_H

#include <stddef.h>
#include <linux/xtcp.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * xtcp_family() - the address family to hand to socket()
 *
 * In this order: the environment variable XTCP_FAMILY, the family parameter
 * of the loaded module, AF_XTCP.
 *
 * XTCP_FAMILY=2 (AF_INET) makes everything below use plain TCP, over IPv4
 * and IPv6 alike: the same program with the other transport, to compare.
 * The variable is ignored in a process that runs with raised privileges.
 *
 * Returns the family.  Fails with EINVAL when XTCP_FAMILY is not a number.
 */
int xtcp_family(void);

/*
 * xtcp_socket() - open an unconnected stream socket
 * @flags: 0, or SOCK_NONBLOCK and SOCK_CLOEXEC as for socket()
 *
 * The socket takes IPv4 or IPv6 from the first address that it is bound or
 * connected to.  (Under XTCP_FAMILY=2 it is an IPv4 one.)
 *
 * Returns the descriptor.  EAFNOSUPPORT: the module is not loaded.
 */
int xtcp_socket(int flags);

/*
 * xtcp_connect() - connect to a server by name
 * @host: name or numeric address; NULL is this machine
 * @port: decimal port number or service name
 *
 * Tries the addresses of the host one after the other until one answers.
 * The descriptor is blocking and close-on-exec.
 *
 * Returns the descriptor.  When every address fails, errno is that of the
 * address that got furthest: ECONNREFUSED or ETIMEDOUT rather than
 * ENETUNREACH.  When the name does not resolve, errno is ENOENT (no such
 * host or service), EAGAIN (the resolver is not reachable) or ENOMEM.
 * xtcp_last_error() has the whole story.
 */
int xtcp_connect(const char *host, const char *port);

/*
 * xtcp_listen() - listen on a port
 * @host: address or name to listen on; NULL is every address, IPv4 and IPv6
 * @port: decimal port number or service name; "0" takes a free port, which
 *	getsockname() tells
 *
 * SO_REUSEADDR is set, so a server may be restarted at once.  The backlog is
 * the largest that the system allows; the descriptor is blocking and
 * close-on-exec.
 *
 * Returns the descriptor; errors as for xtcp_connect().
 */
int xtcp_listen(const char *host, const char *port);

/*
 * xtcp_last_error() - why the last xtcp_connect() or xtcp_listen() failed
 *
 * One line for people, without newline, for example
 * "[::1]:7000: Connection refused; 127.0.0.1:7000: Connection refused".
 * Belongs to the calling thread; the empty string when that call worked.
 */
const char *xtcp_last_error(void);

/*
 * xtcp_sendall() - write all of a buffer
 * @fd: connected stream socket, blocking
 * @buf: bytes to send
 * @len: how many
 *
 * Goes on after short writes and signals.  Never raises SIGPIPE.
 *
 * Returns 0 when the socket took every byte.  After a failure an unknown
 * part was sent, so the connection is of no more use.  EPIPE, ECONNRESET:
 * the peer is gone; EAGAIN: SO_SNDTIMEO ran out.
 */
int xtcp_sendall(int fd, const void *buf, size_t len);

/*
 * xtcp_recvall() - read exactly so many bytes
 * @fd: connected stream socket, blocking
 * @buf: where they go
 * @len: how many, at least 1
 *
 * Returns 1 when @buf is full and 0 when the peer closed before the first
 * byte: the orderly end.  EBADMSG: the peer closed after some of the bytes;
 * EAGAIN: SO_RCVTIMEO ran out.
 */
int xtcp_recvall(int fd, void *buf, size_t len);

/*
 * xtcp_send_msg() - send one message
 * @fd: connected stream socket, blocking
 * @buf: the message
 * @len: its length in bytes, at most 2^32 - 1; 0 is a message, too
 *
 * On the wire: the length in 4 bytes, big-endian, then the bytes.
 *
 * Returns 0.  EMSGSIZE: @len does not fit (nothing was sent); else as
 * xtcp_sendall().
 */
int xtcp_send_msg(int fd, const void *buf, size_t len);

/*
 * xtcp_recv_msg() - receive one message
 * @fd: connected stream socket, blocking
 * @buf: where it goes
 * @max: room in @buf, in bytes
 * @len: set to the length of the message
 *
 * Returns 1 with a message and 0 when the peer closed between two messages.
 * EMSGSIZE: the message is longer than @max; @len says how long, its bytes
 * stay unread, and the stream is of no more use.  EBADMSG: the peer closed
 * in the middle of a message.
 */
int xtcp_recv_msg(int fd, void *buf, size_t max, size_t *len);

/*
 * xtcp_get_info() - what the kernel knows about a connection
 * @fd: XTCP socket
 * @info: filled; what an older module does not know reads as 0
 *
 * Returns the number of bytes that the module filled in, at most
 * sizeof(*info).  EOPNOTSUPP or ENOPROTOOPT: not an XTCP socket.
 */
int xtcp_get_info(int fd, struct xtcp_info *info);

#ifdef __cplusplus
}
#endif

#endif /* _XTCP_H */
