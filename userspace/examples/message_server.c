// SPDX-License-Identifier: GPL-2.0
/*
 * Receives UTF-8 messages with their length in front, answers each in
 * capitals (of the ASCII letters; the rest of UTF-8 passes as it is).
 *
 * usage: message_server [ADDRESS [PORT]]
 */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xtcp.h>

/* A peer does not decide how much memory we take. */
static char message[64 * 1024];

/* Until the client closes between two messages. */
static void serve(int conn)
{
	size_t len, i;
	int rc;

	while ((rc = xtcp_recv_msg(conn, message, sizeof(message), &len)) > 0) {
		printf("message: %.*s\n", (int)len, message);
		for (i = 0; i < len; i++)
			if (isascii(message[i]))
				message[i] = toupper(message[i]);
		if (xtcp_send_msg(conn, message, len) < 0) {
			warn("send");
			return;
		}
	}
	if (rc < 0)
		warn("receive");
	else
		printf("client left\n");
}

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "127.0.0.1";
	const char *port = argc > 2 ? argv[2] : "7000";
	int listener, conn;

	setvbuf(stdout, NULL, _IOLBF, 0);
	listener = xtcp_listen(address, port);
	if (listener < 0)
		errx(1, "%s", xtcp_last_error());
	printf("listening on %s port %s\n", address, port);

	for (;;) {
		conn = accept(listener, NULL, NULL);
		if (conn < 0)
			err(1, "accept");
		printf("client connected\n");
		serve(conn);
		close(conn);
	}
}
