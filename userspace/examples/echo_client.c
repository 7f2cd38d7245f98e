// SPDX-License-Identifier: GPL-2.0
/*
 * Echo client: sends a text, prints the reply.
 * Only the call of socket() differs from a client over TCP.
 *
 * usage: echo_client [ADDRESS [PORT [TEXT]]]
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xtcp.h>

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "127.0.0.1";
	int port = argc > 2 ? atoi(argv[2]) : 7000;
	const char *text = argc > 3 ? argv[3] : "Hello, XTCP";
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	size_t got = 0;
	char buf[4096];
	ssize_t n;
	int conn;

	if (inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		errx(1, "%s: not an IPv4 address", address);

	conn = socket(xtcp_family(), SOCK_STREAM, 0);
	if (conn < 0)
		err(1, "socket (is the xtcp module loaded?)");
	if (connect(conn, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		err(1, "connect to %s port %d", address, port);
	if (xtcp_sendall(conn, text, strlen(text)) < 0)
		err(1, "send");
	shutdown(conn, SHUT_WR);	/* no more from us: the server's loop ends */

	/* A stream has no message boundaries: read until the server closes. */
	printf("reply: ");
	while ((n = recv(conn, buf, sizeof(buf), 0)) > 0) {
		fwrite(buf, 1, n, stdout);
		got += n;
	}
	printf("\n");
	if (n < 0)
		err(1, "receive");
	if (got != strlen(text))
		errx(1, "%zu bytes sent, %zu came back", strlen(text), got);
	close(conn);
	return 0;
}
