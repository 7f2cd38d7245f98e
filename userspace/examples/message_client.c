// SPDX-License-Identifier: GPL-2.0
/*
 * Sends messages with their length in front, prints the answer to each.
 *
 * usage: message_client HOST PORT MESSAGE...
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xtcp.h>

static char answer[64 * 1024];

int main(int argc, char **argv)
{
	size_t len;
	int conn, i;

	if (argc < 4)
		errx(1, "usage: message_client HOST PORT MESSAGE...");
	conn = xtcp_connect(argv[1], argv[2]);
	if (conn < 0)
		errx(1, "%s", xtcp_last_error());

	for (i = 3; i < argc; i++) {
		if (xtcp_send_msg(conn, argv[i], strlen(argv[i])) < 0)
			err(1, "send");
		switch (xtcp_recv_msg(conn, answer, sizeof(answer), &len)) {
		case -1:
			err(1, "receive");
		case 0:
			errx(1, "the server left");
		}
		printf("answer: %.*s\n", (int)len, answer);
	}
	close(conn);
	return 0;
}
