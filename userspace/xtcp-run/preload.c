// SPDX-License-Identifier: GPL-2.0
/*
 * libxtcp-run.so: the half of xtcp-run that lives inside the program.
 *
 * It stands in front of socket() and turns
 *	socket(AF_INET or AF_INET6, SOCK_STREAM, 0 or IPPROTO_TCP)
 * into the same call with IPPROTO_XTCP, flags kept.  Nothing else changes:
 * the descriptor is a stream socket with the same addresses and options.
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"

static int (*next_socket)(int domain, int type, int protocol);
static int xtcp_protocol = IPPROTO_XTCP;
static bool verbose;

/*
 * At load time, because the program may chroot() or enter a sandbox before
 * it opens its first socket.
 */
__attribute__((constructor)) static void start(void)
{
	next_socket = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
	xtcp_protocol = xtcp_protocol_in_use();
	verbose = !!getenv("XTCP_RUN_VERBOSE");
}

/* One write(), as the program may have closed or redirected its stdio. */
static void say(int domain, int protocol, const char *what)
{
	char line[160];
	int n;

	n = snprintf(line, sizeof(line), "xtcp-run[%d]: socket(%s, SOCK_STREAM, %s): %s\n",
		     (int)getpid(), domain == AF_INET ? "AF_INET" : "AF_INET6",
		     protocol ? "IPPROTO_TCP" : "0", what);
	if (n > 0 && write(STDERR_FILENO, line, n) < 0)
		return;		/* nowhere left to complain */
}

static bool is_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP);
}

int socket(int domain, int type, int protocol)
{
	static bool complained;
	int saved, fd;

	/* another library's constructor may come before ours */
	if (!next_socket)
		start();
	if (!is_tcp(domain, type, protocol))
		return next_socket(domain, type, protocol);

	fd = next_socket(domain, type, xtcp_protocol);
	saved = errno;
	if (fd < 0 && saved == EPROTONOSUPPORT && !complained) {
		/* falling back to TCP would only hide it */
		complained = true;
		say(domain, protocol, "the xtcp module is gone; load it again");
	} else if (verbose && fd >= 0) {
		say(domain, protocol, "goes over XTCP");
	}
	errno = saved;
	return fd;
}
