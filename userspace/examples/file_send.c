// SPDX-License-Identifier: GPL-2.0
/*
 * Sends a file to file_receive, and says whether it arrived intact.
 *
 * On the wire: the name as a message, the length in 8 bytes (big-endian), the
 * contents, their SHA-256 in 32 bytes; back comes one message, "ok" or the
 * error.
 *
 * usage: file_send FILE [HOST [PORT]]
 */
#define _GNU_SOURCE
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xtcp.h>

#include "sha256.h"

static char chunk[256 * 1024];

static void send_contents(int conn, int file, const char *path, uint64_t left,
			  unsigned char digest[SHA256_SIZE])
{
	struct sha256 sha;
	ssize_t n;

	sha256_init(&sha);
	for (; left; left -= n) {
		n = read(file, chunk, left < sizeof(chunk) ? left : sizeof(chunk));
		if (n < 0)
			err(1, "%s", path);
		if (!n)
			errx(1, "%s became shorter meanwhile", path);
		sha256_update(&sha, chunk, n);
		if (xtcp_sendall(conn, chunk, n) < 0)
			err(1, "send");
	}
	sha256_final(&sha, digest);
}

int main(int argc, char **argv)
{
	const char *host = argc > 2 ? argv[2] : "127.0.0.1";
	const char *port = argc > 3 ? argv[3] : "7000";
	char text[2 * SHA256_SIZE + 1], verdict[1000];
	unsigned char digest[SHA256_SIZE];
	const char *path = argv[1], *name;
	uint64_t length;
	struct stat st;
	int file, conn;
	size_t len;

	if (argc < 2)
		errx(1, "usage: file_send FILE [HOST [PORT]]");
	file = open(path, O_RDONLY);
	if (file < 0 || fstat(file, &st) < 0)
		err(1, "%s", path);
	conn = xtcp_connect(host, port);
	if (conn < 0)
		errx(1, "%s", xtcp_last_error());

	name = basename(path);
	length = htobe64(st.st_size);
	if (xtcp_send_msg(conn, name, strlen(name)) < 0 ||
	    xtcp_sendall(conn, &length, sizeof(length)) < 0)
		err(1, "send");
	send_contents(conn, file, path, st.st_size, digest);
	if (xtcp_sendall(conn, digest, sizeof(digest)) < 0)
		err(1, "send");

	/* Only the receiver knows that it has everything: wait for its word. */
	switch (xtcp_recv_msg(conn, verdict, sizeof(verdict), &len)) {
	case -1:
		err(1, "verdict of the receiver");
	case 0:
		errx(1, "the receiver left without a verdict");
	}
	if (len != 2 || memcmp(verdict, "ok", 2))
		errx(1, "the receiver says: %.*s", (int)len, verdict);
	sha256_text(digest, text);
	printf("sent %s, %lld bytes, sha256 %s\n", path, (long long)st.st_size, text);
	return 0;
}
