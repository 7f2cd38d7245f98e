// SPDX-License-Identifier: GPL-2.0
/*
 * The server: for each transport a listener, for each connection either a sink
 * or a response of as many bytes as were asked for, and an echo of UDP packets
 * on the same port number.  One thread, until it is killed.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench.h"

#define BLOCK_BYTES	65536
#define PACKET_BYTES	2048
#define EVENTS		64

enum part { LISTENER, ECHO, CONNECTION };

struct peer {
	enum part part;
	int fd;
	size_t have;		/* bytes of the request that are there */
	struct bench_request request;
	uint64_t left;		/* bytes of the response to write */
};

static char block[BLOCK_BYTES];
static int poller;

static bool watch(struct peer *p, int op, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = p };

	if (!epoll_ctl(poller, op, p->fd, &e))
		return true;
	perror("xtcp-bench: epoll_ctl");
	return false;
}

static struct peer *add(enum part part, int fd)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->part = part;
	p->fd = fd;
	if (watch(p, EPOLL_CTL_ADD, EPOLLIN))
		return p;
	free(p);
	return NULL;
}

static void drop(struct peer *p)
{
	close(p->fd);
	free(p);
}

static void take_connections(struct peer *listener)
{
	int fd;

	while ((fd = accept4(listener->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (!add(CONNECTION, fd))
			close(fd);
	}
}

static void echo_packets(struct peer *p)
{
	char packet[PACKET_BYTES];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(p->fd, packet, sizeof(packet), 0,
			     (struct sockaddr *)&from, &len)) >= 0) {
		sendto(p->fd, packet, n, 0, (struct sockaddr *)&from, len);
		len = sizeof(from);
	}
}

/* False: the connection has ended. */
static bool respond(struct peer *p)
{
	while (p->left) {
		size_t len = p->left < BLOCK_BYTES ? p->left : BLOCK_BYTES;
		ssize_t n = send(p->fd, block, len, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN &&
			       watch(p, EPOLL_CTL_MOD, EPOLLOUT);
		p->left -= n;
	}
	return false;
}

/* False: the connection has ended. */
static bool receive(struct peer *p)
{
	size_t whole = sizeof(p->request);
	ssize_t n;

	while (p->have < whole) {
		n = read(p->fd, (char *)&p->request + p->have, whole - p->have);
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		p->have += n;
		if (p->have < whole)
			continue;
		if (be64toh(p->request.magic) != BENCH_MAGIC)
			return false;
		p->left = be64toh(p->request.respond);
		if (p->left)
			return respond(p);
	}
	while ((n = read(p->fd, block, sizeof(block))) > 0)
		;
	return n < 0 && errno == EAGAIN;
}

static bool serve(struct peer *p)
{
	if (p->left)
		return respond(p);
	return receive(p);
}

static int open_listener(const struct bench_transport *t,
			 const struct bench_address *a)
{
	int fd = bench_socket(t, a);
	int on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&a->sa, a->len) ||
	    listen(fd, SOMAXCONN) || !add(LISTENER, fd)) {
		perror("xtcp-bench: listen");
		close(fd);
		return -1;
	}
	return 0;
}

static int open_echo(const struct bench_address *a)
{
	int fd = socket(a->sa.ss_family,
			SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&a->sa, a->len) ||
	    !add(ECHO, fd)) {
		perror("xtcp-bench: UDP");
		return -1;
	}
	return 0;
}

int bench_server(const struct bench_options *o)
{
	struct epoll_event events[EVENTS];
	size_t i;

	poller = epoll_create1(EPOLL_CLOEXEC);
	if (poller < 0) {
		perror("xtcp-bench: epoll_create1");
		return 1;
	}
	for (i = 0; i < o->transports_n; i++) {
		if (open_listener(&o->transports[i], &o->address))
			return 1;
	}
	if (open_echo(&o->address))
		return 1;
	puts("listening");
	fflush(stdout);

	for (;;) {
		int n = epoll_wait(poller, events, EVENTS, -1);
		int k;

		if (n < 0 && errno != EINTR) {
			perror("xtcp-bench: epoll_wait");
			return 1;
		}
		for (k = 0; k < n; k++) {
			struct peer *p = events[k].data.ptr;

			if (p->part == LISTENER)
				take_connections(p);
			else if (p->part == ECHO)
				echo_packets(p);
			else if (!serve(p))
				drop(p);
		}
	}
}
