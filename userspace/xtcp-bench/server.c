// SPDX-License-Identifier: GPL-2.0
/*
 * The server: for each transport a listener, for each connection a thread that
 * is a sink or sends the response that was asked for, and an echo of UDP
 * packets on the same port number.  Until it is killed.
 *
 * Threads and MSG_WAITALL let the kernel wait for most of the data: a program
 * that polls would make two calls for each packet, and cost more than the
 * packet does.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define BLOCK_BYTES	131072
#define PACKET_BYTES	2048
#define STACK_BYTES	65536	/* of a thread; a thousand take no room */

static void respond(int fd, uint64_t bytes)
{
	static const char block[BLOCK_BYTES];

	while (bytes) {
		size_t len = bytes < BLOCK_BYTES ? bytes : BLOCK_BYTES;
		ssize_t n = send(fd, block, len, MSG_NOSIGNAL);

		if (n < 0)
			return;
		bytes -= n;
	}
}

static void *serve(void *arg)
{
	static char trash[BLOCK_BYTES];	/* written by all, read by none */
	struct bench_request request;
	int fd = (intptr_t)arg;

	if (recv(fd, &request, sizeof(request), MSG_WAITALL) == sizeof(request) &&
	    be64toh(request.magic) == BENCH_MAGIC) {
		if (request.respond)
			respond(fd, be64toh(request.respond));
		else
			while (recv(fd, trash, sizeof(trash), MSG_WAITALL) > 0)
				;
	}
	close(fd);
	return NULL;
}

static int start(void *(*run)(void *), int fd)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, run, (void *)(intptr_t)fd);
	pthread_attr_destroy(&attr);
	if (err)
		fprintf(stderr, "xtcp-bench: thread: %s\n", strerror(err));
	return err;
}

static void *take_connections(void *arg)
{
	int listener = (intptr_t)arg;
	int fd;

	for (;;) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			perror("xtcp-bench: accept");
		else if (start(serve, fd))
			close(fd);
	}
	return NULL;
}

static int open_listener(const struct bench_transport *t,
			 const struct bench_address *a)
{
	int fd = bench_socket(t, a, 0);
	int on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&a->sa, a->len) ||
	    listen(fd, SOMAXCONN)) {
		perror("xtcp-bench: listen");
		return -1;
	}
	return start(take_connections, fd);
}

static int open_echo(const struct bench_address *a)
{
	int fd = socket(a->sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !bind(fd, (const struct sockaddr *)&a->sa, a->len))
		return fd;
	perror("xtcp-bench: UDP");
	return -1;
}

static int echo_packets(int fd)
{
	char packet[PACKET_BYTES];
	struct sockaddr_storage from;
	socklen_t len;
	ssize_t n;

	for (;;) {
		len = sizeof(from);
		n = recvfrom(fd, packet, sizeof(packet), 0,
			     (struct sockaddr *)&from, &len);
		if (n < 0) {
			perror("xtcp-bench: UDP");
			return 1;
		}
		sendto(fd, packet, n, 0, (struct sockaddr *)&from, len);
	}
}

int bench_server(const struct bench_options *o)
{
	size_t i;
	int echo;

	for (i = 0; i < o->transports_n; i++) {
		if (open_listener(&o->transports[i], &o->address))
			return 1;
	}
	echo = open_echo(&o->address);
	if (echo < 0)
		return 1;
	puts("listening");
	fflush(stdout);
	return echo_packets(echo);
}
