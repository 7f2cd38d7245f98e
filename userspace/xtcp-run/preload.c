// SPDX-License-Identifier: GPL-2.0
/*
 * libxtcp-run.so: the half of xtcp-run that lives inside the program.
 *
 * It stands in front of socket() and turns
 *	socket(AF_INET or AF_INET6, SOCK_STREAM, 0 or IPPROTO_TCP)
 * into the same call with IPPROTO_XTCP, flags kept.  Nothing else changes:
 * the descriptor is a stream socket with the same addresses and options.
 *
 * Where only some connections are to go over XTCP, socket() does not know yet
 * which ones.  It opens TCP's then, and listen() and connect() put an XTCP
 * socket in its place (swap.c).
 *
 * Why this door, and not AF_XTCP: a program that asked for AF_INET6 expects
 * an IPv6 socket from the first moment on.  It sets IPV6_V6ONLY before bind(),
 * reads SO_DOMAIN, calls getsockname() on an unbound socket, and connects to
 * ::ffff:a.b.c.d.  An AF_XTCP socket has no IP version yet at that point.
 *
 * Look-ups that the C library makes for itself (DNS over TCP) do not come
 * through here and stay on TCP.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"
#include "settings.h"
#include "swap.h"

/* what the program calls in the C library's place */
#define FOR_THE_PROGRAM __attribute__((visibility("default")))

static int (*next_socket)(int domain, int type, int protocol);
static int (*next_connect)(int fd, const struct sockaddr *addr, socklen_t len);
static int (*next_listen)(int fd, int backlog);
static int xtcp_protocol = IPPROTO_XTCP;
static struct settings settings;

/*
 * At load time, because the program may chroot() or enter a sandbox before
 * it opens its first socket, and servers scrub their environment.
 */
__attribute__((constructor)) static void start(void)
{
	if (next_socket)
		return;
	next_connect = (int (*)(int, const struct sockaddr *, socklen_t))
		       dlsym(RTLD_NEXT, "connect");
	next_listen = (int (*)(int, int))dlsym(RTLD_NEXT, "listen");
	xtcp_protocol = xtcp_protocol_in_use();
	read_settings(&settings);
	next_socket = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
}

/* One write(), as the program may have closed or redirected its stdio. */
static void say(const char *what)
{
	char line[160];
	int n;

	n = snprintf(line, sizeof(line), "xtcp-run[%d]: %s\n", (int)getpid(), what);
	if (n > 0 && write(STDERR_FILENO, line, n) < 0)
		return;		/* nowhere left to complain */
}

static bool is_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP);
}

/* No XTCP socket to be had: is TCP good enough?  Says so, once. */
static bool tcp_instead(int err)
{
	static bool complained;

	if (err != EPROTONOSUPPORT)
		return false;
	if (!complained)
		say(settings.fallback ?
		    "the xtcp module is not loaded: going over TCP" :
		    "the xtcp module is gone; load it again");
	complained = true;
	return settings.fallback;
}

FOR_THE_PROGRAM int socket(int domain, int type, int protocol)
{
	char line[100];
	int fd;

	start();		/* another library's constructor may come first */
	if (!is_tcp(domain, type, protocol) || restricted(&settings))
		return next_socket(domain, type, protocol);

	fd = next_socket(domain, type, xtcp_protocol);
	if (fd < 0)
		return tcp_instead(errno) ? next_socket(domain, type, protocol) : -1;
	if (settings.verbose) {
		snprintf(line, sizeof(line), "%s(%s, SOCK_STREAM, %s): goes over XTCP", __func__,
			 domain == AF_INET ? "AF_INET" : "AF_INET6",
			 protocol ? "IPPROTO_TCP" : "0");
		say(line);
	}
	return fd;
}

/* Put an XTCP socket at @fd, if a fresh TCP socket is there now. */
static int change_over(int fd, const char *call, unsigned int port)
{
	char line[100];
	int rc;

	rc = swap_socket(fd, xtcp_protocol, next_socket);
	if (rc < 0)
		return tcp_instead(errno) ? 0 : -1;
	if (rc && settings.verbose) {
		snprintf(line, sizeof(line), "%s(), port %u: goes over XTCP", call, port);
		say(line);
	}
	return 0;
}

/* -1: no IP address */
static int port_of(const struct sockaddr_storage *addr, socklen_t len)
{
	if (addr->ss_family == AF_INET && len >= sizeof(struct sockaddr_in))
		return ntohs(((const struct sockaddr_in *)addr)->sin_port);
	if (addr->ss_family == AF_INET6 && len >= offsetof(struct sockaddr_in6, sin6_scope_id))
		return ntohs(((const struct sockaddr_in6 *)addr)->sin6_port);
	return -1;
}

FOR_THE_PROGRAM int listen(int fd, int backlog)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int port = -1;

	start();
	if (restricted(&settings) && settings.listen) {
		if (!getsockname(fd, (struct sockaddr *)&addr, &len))
			port = port_of(&addr, len);
		if (port >= 0 && port_matches(&settings, port) &&
		    change_over(fd, "listen", port) < 0)
			return -1;
	}
	return next_listen(fd, backlog);
}

FOR_THE_PROGRAM int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	struct sockaddr_storage addr;
	int port;

	start();
	if (restricted(&settings) && settings.connect && to && len <= sizeof(addr)) {
		memset(&addr, 0, sizeof(addr));
		memcpy(&addr, to, len);
		port = port_of(&addr, len);
		if (port >= 0 && port_matches(&settings, port) &&
		    change_over(fd, "connect", port) < 0)
			return -1;
	}
	return next_connect(fd, to, len);
}
