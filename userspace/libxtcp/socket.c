// SPDX-License-Identifier: GPL-2.0
/* Opening sockets: the family in use, and connect and listen by name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xtcp.h"

#define FAMILY_PARAMETER "/sys/module/xtcp/parameters/family"

/* Room for a handful of addresses with their errors; longer lists are cut. */
static __thread char last_error[512];

const char *xtcp_last_error(void)
{
	return last_error;
}

/* A decimal number and nothing else but a final newline; -1 otherwise. */
static int parse_family(const char *text)
{
	char *end;
	long value;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtol(text, &end, 10);
	if (*end == '\n')
		end++;
	if (errno || *end || value > 0xffff)
		return -1;
	return value;
}

static int module_family(void)
{
	char text[16];
	ssize_t n;
	int fd;

	fd = open(FAMILY_PARAMETER, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return parse_family(text);
}

int xtcp_family(void)
{
	const char *env = secure_getenv("XTCP_FAMILY");
	int saved = errno;
	int family;

	if (env && *env) {
		family = parse_family(env);
		if (family < 0)
			errno = EINVAL;
		return family;
	}
	family = module_family();
	errno = saved;
	return family < 0 ? AF_XTCP : family;
}

/* For XTCP the family says nothing about IPv4 or IPv6, for TCP it does. */
static int open_socket(int ip_family, int flags)
{
	int family = xtcp_family();

	if (family < 0)
		return -1;
	if (family == AF_INET || family == AF_INET6)
		family = ip_family;
	return socket(family, SOCK_STREAM | flags, 0);
}

int xtcp_socket(int flags)
{
	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) {
		errno = EINVAL;
		return -1;
	}
	return open_socket(AF_INET, flags);
}

/* "address:port: why", appended to what earlier addresses left there. */
static void note_failure(const struct addrinfo *ai, int err)
{
	char host[NI_MAXHOST], port[NI_MAXSERV], why[64];
	bool v6 = ai->ai_family == AF_INET6;
	size_t used = strlen(last_error);

	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV)) {
		strcpy(host, "?");
		strcpy(port, "?");
	}
	snprintf(last_error + used, sizeof(last_error) - used, "%s%s%s%s:%s: %s",
		 used ? "; " : "", v6 ? "[" : "", host, v6 ? "]" : "", port,
		 strerror_r(err, why, sizeof(why)));
}

/* How far an attempt came: the furthest failure is the one to report. */
static int progress(int err)
{
	switch (err) {
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
	case EADDRINUSE:
	case EACCES:
		return 2;
	case EAFNOSUPPORT:
	case ENETUNREACH:
	case EADDRNOTAVAIL:
		return 0;
	default:
		return 1;
	}
}

static struct addrinfo *resolve(const char *host, const char *port, int flags)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,	/* for the names of services */
		.ai_flags = flags,
	};
	struct addrinfo *list;
	int rc, err;

	last_error[0] = '\0';
	rc = getaddrinfo(host, port, &hints, &list);
	if (!rc)
		return list;
	err = rc == EAI_SYSTEM ? errno :
	      rc == EAI_MEMORY ? ENOMEM :
	      rc == EAI_AGAIN ? EAGAIN : ENOENT;
	snprintf(last_error, sizeof(last_error), "host %s, port %s: %s",
		 host ? host : "(any)", port ? port : "(none)",
		 rc == EAI_SYSTEM ? strerror(err) : gai_strerror(rc));
	errno = err;
	return NULL;
}

/*
 * A signal does not stop connect(), it goes on in the background; a second
 * call would say EALREADY.  Wait for its end as for a non-blocking one.
 */
static int finish_connect(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err;

	while (poll(&pfd, 1, -1) < 0)
		if (errno != EINTR)
			return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -1;
	errno = err;
	return err ? -1 : 0;
}

static int start_client(int fd, const struct addrinfo *ai)
{
	if (!connect(fd, ai->ai_addr, ai->ai_addrlen))
		return 0;
	return errno == EINTR ? finish_connect(fd) : -1;
}

static int start_server(int fd, const struct addrinfo *ai)
{
	const struct sockaddr_in6 *sin6 = (const void *)ai->ai_addr;
	int one = 1, zero = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return -1;
	/* "Every address" includes IPv4, whatever net.ipv6.bindv6only says. */
	if (ai->ai_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr))
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		return -1;
	return listen(fd, SOMAXCONN);
}

/*
 * Walks the addresses of one IP family (AF_UNSPEC: of all).  @best is the
 * errno that came furthest so far, 0 at first.
 */
static int try_addresses(const struct addrinfo *list, int ip_family, int *best,
			 int (*start)(int fd, const struct addrinfo *ai))
{
	const struct addrinfo *ai;
	int fd, err;

	for (ai = list; ai; ai = ai->ai_next) {
		if (ip_family != AF_UNSPEC && ai->ai_family != ip_family)
			continue;
		fd = open_socket(ai->ai_family, SOCK_CLOEXEC);
		if (fd >= 0 && !start(fd, ai))
			return fd;
		err = errno;
		if (fd >= 0)
			close(fd);
		note_failure(ai, err);
		if (!*best || progress(err) > progress(*best))
			*best = err;
	}
	return -1;
}

/* Failures of single addresses do not matter when another one worked. */
static int finish(int fd, int best)
{
	if (fd < 0)
		errno = best;
	else
		last_error[0] = '\0';
	return fd;
}

int xtcp_connect(const char *host, const char *port)
{
	struct addrinfo *list;
	int fd, best = 0;

	list = resolve(host, port, 0);
	if (!list)
		return -1;
	fd = try_addresses(list, AF_UNSPEC, &best, start_client);
	freeaddrinfo(list);
	return finish(fd, best);
}

int xtcp_listen(const char *host, const char *port)
{
	struct addrinfo *list;
	int fd, best = 0;

	list = resolve(host, port, AI_PASSIVE);
	if (!list)
		return -1;
	if (host) {
		fd = try_addresses(list, AF_UNSPEC, &best, start_server);
	} else {
		/* :: serves IPv4 as well, 0.0.0.0 is for machines without IPv6 */
		fd = try_addresses(list, AF_INET6, &best, start_server);
		if (fd < 0)
			fd = try_addresses(list, AF_INET, &best, start_server);
	}
	freeaddrinfo(list);
	return finish(fd, best);
}
