// SPDX-License-Identifier: GPL-2.0
/*
 * Echo server: sends back what it receives, one client after the other.
 * Only the call of socket() differs from a server over TCP.
 *
 * usage: echo_server [ADDRESS [PORT]]
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xtcp.h>

/* Until the client closes its side. */
static void serve(int conn)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(conn, buf, sizeof(buf), 0)) > 0) {
		printf("received %.*s\n", (int)n, buf);
		if (xtcp_sendall(conn, buf, n) < 0) {
			warn("send");
			return;
		}
	}
	if (n < 0)
		warn("receive");
}

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "127.0.0.1";
	int port = argc > 2 ? atoi(argv[2]) : 7000;
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	int listener, conn, one = 1;
	char text[INET_ADDRSTRLEN];
	socklen_t len;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		errx(1, "%s: not an IPv4 address", address);

	listener = socket(xtcp_family(), SOCK_STREAM, 0);
	if (listener < 0)
		err(1, "socket (is the xtcp module loaded?)");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		err(1, "bind to %s port %d", address, port);
	if (listen(listener, SOMAXCONN) < 0)
		err(1, "listen");
	printf("listening on %s port %d\n", address, port);

	for (;;) {
		len = sizeof(sin);
		conn = accept(listener, (struct sockaddr *)&sin, &len);
		if (conn < 0)
			err(1, "accept");
		inet_ntop(AF_INET, &sin.sin_addr, text, sizeof(text));
		printf("%s port %d connected\n", text, ntohs(sin.sin_port));
		serve(conn);
		printf("%s port %d left\n", text, ntohs(sin.sin_port));
		close(conn);
	}
}
