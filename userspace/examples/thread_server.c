// SPDX-License-Identifier: GPL-2.0
/*
 * Echo server with one thread per client.
 *
 * usage: thread_server [ADDRESS [PORT]]
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xtcp.h>

static void *serve(void *arg)
{
	int conn = (intptr_t)arg;
	char buf[4096];
	ssize_t n;

	printf("client %d connected\n", conn);
	while ((n = recv(conn, buf, sizeof(buf), 0)) > 0) {
		if (xtcp_sendall(conn, buf, n) < 0) {
			n = -1;
			break;
		}
	}
	if (n < 0)
		warn("client %d", conn);
	else
		printf("client %d left\n", conn);
	close(conn);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "127.0.0.1";
	const char *port = argc > 2 ? argv[2] : "7000";
	pthread_attr_t attr;
	pthread_t thread;
	int listener, conn;

	setvbuf(stdout, NULL, _IOLBF, 0);
	listener = xtcp_listen(address, port);
	if (listener < 0)
		errx(1, "%s", xtcp_last_error());
	printf("listening on %s port %s\n", address, port);

	/* nobody joins the threads */
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		conn = accept(listener, NULL, NULL);
		if (conn < 0)
			err(1, "accept");
		errno = pthread_create(&thread, &attr, serve, (void *)(intptr_t)conn);
		if (errno) {
			warn("no thread for client %d", conn);
			close(conn);
		}
	}
}
