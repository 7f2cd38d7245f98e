// SPDX-License-Identifier: GPL-2.0
/*
 * Echo server: one thread and epoll for all clients.
 *
 * Each client has one buffer.  While it is empty we wait for input; while the
 * client does not take the echo we wait for room and read nothing more from
 * it, so that a client that never reads slows down nobody but itself.
 *
 * usage: epoll_server [ADDRESS [PORT]]
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xtcp.h>

struct client {
	int fd;
	size_t start, end;	/* the bytes of buf that are still to be sent */
	char buf[4096];
};

static int epfd;

static void watch(int op, int fd, unsigned int events, struct client *client)
{
	struct epoll_event ev = { .events = events, .data.ptr = client };

	if (epoll_ctl(epfd, op, fd, &ev) < 0)
		err(1, "epoll_ctl");
}

static void accept_client(int listener)
{
	struct client *client;
	int fd;

	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno != EAGAIN)
			warn("accept");
		return;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		err(1, "calloc");
	client->fd = fd;
	watch(EPOLL_CTL_ADD, fd, EPOLLIN, client);
	printf("client %d connected\n", fd);
}

/* Moves bytes for as long as the socket lets us; false at the end. */
static bool serve(struct client *client)
{
	ssize_t n;

	for (;;) {
		if (client->start == client->end) {
			n = recv(client->fd, client->buf, sizeof(client->buf), 0);
			if (n > 0) {
				client->start = 0;
				client->end = n;
			}
		} else {
			n = send(client->fd, client->buf + client->start,
				 client->end - client->start, MSG_NOSIGNAL);
			if (n > 0)
				client->start += n;
		}
		if (n == 0) {
			printf("client %d left\n", client->fd);
			return false;
		}
		if (n < 0 && errno == EAGAIN) {
			watch(EPOLL_CTL_MOD, client->fd,
			      client->start == client->end ? EPOLLIN : EPOLLOUT, client);
			return true;
		}
		if (n < 0 && errno != EINTR) {
			warn("client %d", client->fd);
			return false;
		}
	}
}

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "127.0.0.1";
	const char *port = argc > 2 ? argv[2] : "7000";
	struct epoll_event events[64];
	struct client *client;
	int listener, n, i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	listener = xtcp_listen(address, port);
	if (listener < 0)
		errx(1, "%s", xtcp_last_error());
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (epfd < 0)
		err(1, "epoll_create1");
	watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
	printf("listening on %s port %s\n", address, port);

	for (;;) {
		n = epoll_wait(epfd, events, 64, -1);
		if (n < 0 && errno != EINTR)
			err(1, "epoll_wait");
		for (i = 0; i < n; i++) {
			client = events[i].data.ptr;
			if (!client) {
				accept_client(listener);
			} else if (!serve(client)) {
				close(client->fd);
				free(client);
			}
		}
	}
}
