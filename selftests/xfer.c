// SPDX-License-Identifier: GPL-2.0
/*
 * One end of a transfer, for the tests that are scripts:
 *
 *	xfer listen|connect ADDRESS PORT BYTES
 *
 * Both ends send BYTES of seeded random data and compare what they get, both
 * ways at once, and close.  "xfer hold-listen|hold-connect ADDRESS PORT" only
 * opens a connection, exchanges a byte and keeps it until killed.
 *
 * XFER_CONGESTION names the controller to use, if not the namespace's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xtcp_test.h"

static int die(const char *what)
{
	fprintf(stderr, "xfer: %s: %s\n", what, strerror(errno));
	return 1;
}

static int use_controller(int fd)
{
	const char *name = getenv("XFER_CONGESTION");

	return name ? setsockopt(fd, SOL_XTCP, XTCP_CONGESTION, name,
				 strlen(name)) : 0;
}

static int open_connection(const struct xt *x, const char *address,
			   const char *port, bool listens)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	int fd = xt_socket(x, 0), peer, err;
	struct addrinfo *a;

	/* It knows fe80::1%eth0. */
	if (fd < 0 || use_controller(fd) ||
	    getaddrinfo(address, port, &hints, &a))
		return -1;
	if (!listens) {
		err = connect(fd, a->ai_addr, a->ai_addrlen);
		freeaddrinfo(a);
		return err ? -1 : fd;
	}
	xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	err = bind(fd, a->ai_addr, a->ai_addrlen);
	freeaddrinfo(a);
	if (err || listen(fd, 1))
		return -1;
	printf("listening\n");
	fflush(stdout);
	peer = accept(fd, NULL, NULL);
	close(fd);
	return peer;
}

static int hold(int fd)
{
	char c = 'x';

	if (write(fd, &c, 1) != 1 || read(fd, &c, 1) != 1)
		return die("exchange");
	printf("held\n");
	fflush(stdout);
	for (;;)
		pause();
}

static int transfer(int fd, bool listens, uint64_t bytes)
{
	struct xt_thread send = { .fd = fd, .seed = listens ? 77 : 78,
				  .len = bytes };
	struct xt_thread recv = { .fd = fd, .seed = listens ? 78 : 77,
				  .len = bytes };
	char c;

	if (xt_thread_start(&send, xt_thread_send) ||
	    xt_thread_start(&recv, xt_thread_recv))
		return die("thread");
	if (xt_thread_join(&recv))
		return die("receive");
	if (xt_thread_join(&send))
		return die("send");
	if (shutdown(fd, SHUT_WR) || read(fd, &c, 1))
		return die("end");
	return 0;
}

int main(int argc, char **argv)
{
	bool listens, holds;
	struct xt x;
	int fd;

	if (argc < 4) {
		fprintf(stderr, "usage: see xfer.c\n");
		return 2;
	}
	listens = strstr(argv[1], "listen");
	holds = strstr(argv[1], "hold");
	xt_door(&x, strchr(argv[2], ':') ? XT_IPV6 : XT_IPV4);
	fd = open_connection(&x, argv[2], argv[3], listens);
	if (fd < 0)
		return die(argv[1]);
	if (holds)
		return hold(fd);
	return transfer(fd, listens, argc > 4 ? strtoull(argv[4], NULL, 10) : 0);
}
