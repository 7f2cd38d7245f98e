// SPDX-License-Identifier: GPL-2.0
/*
 * Asks for a line, sends it to an echo server, prints the echo, until "quit".
 *
 * usage: interactive_client [HOST [PORT]]
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xtcp.h>

int main(int argc, char **argv)
{
	const char *host = argc > 1 ? argv[1] : "127.0.0.1";
	const char *port = argc > 2 ? argv[2] : "7000";
	char line[1000], echo[1000];
	size_t len;
	int conn;

	conn = xtcp_connect(host, port);
	if (conn < 0)
		errx(1, "%s", xtcp_last_error());

	for (;;) {
		printf("message: ");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			break;		/* end of input counts as "quit" */
		len = strcspn(line, "\n");
		line[len] = '\0';
		if (!strcmp(line, "quit"))
			break;
		if (!len)
			continue;
		if (xtcp_sendall(conn, line, len) < 0)
			err(1, "send");
		/* The echo may come in several pieces: wait for all of it. */
		switch (xtcp_recvall(conn, echo, len)) {
		case -1:
			err(1, "receive");
		case 0:
			errx(1, "the server closed the connection");
		}
		printf("echo: %.*s\n", (int)len, echo);
	}
	close(conn);
	return 0;
}
