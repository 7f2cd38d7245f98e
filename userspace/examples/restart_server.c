// SPDX-License-Identifier: GPL-2.0
/*
 * A server that starts anew, on the same port, after every client.
 *
 * It greets, closes the connection first and then its listening socket: so
 * the old connection is still in TIME_WAIT, on that very port, when the next
 * life begins.  SO_REUSEADDR, which xtcp_listen() sets, is what allows it.
 *
 * usage: restart_server [ADDRESS [PORT [LIVES]]]
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xtcp.h>

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "127.0.0.1";
	const char *port = argc > 2 ? argv[2] : "7000";
	int lives = argc > 3 ? atoi(argv[3]) : 3;
	int listener, conn, life, n;
	char text[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (life = 1; life <= lives; life++) {
		listener = xtcp_listen(address, port);
		if (listener < 0)
			errx(1, "%s", xtcp_last_error());
		printf("life %d: listening on %s port %s\n", life, address, port);
		conn = accept(listener, NULL, NULL);
		if (conn < 0)
			err(1, "accept");
		n = snprintf(text, sizeof(text), "hello from life %d\n", life);
		if (xtcp_sendall(conn, text, n) < 0)
			err(1, "send");
		close(conn);
		close(listener);
		printf("life %d: greeted a client\n", life);
	}
	return 0;
}
