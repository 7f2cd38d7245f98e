// SPDX-License-Identifier: GPL-2.0
/*
 * Receives one file from file_send, verifies it, and keeps it if it is intact.
 * file_send.c describes what goes over the wire.
 *
 * usage: file_receive DIRECTORY [ADDRESS [PORT]]
 */
#define _GNU_SOURCE
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xtcp.h>

#include "sha256.h"

static char chunk[256 * 1024];

struct file {
	char name[NAME_MAX + 1];
	uint64_t length;
	unsigned char digest[SHA256_SIZE];
};

/* Exactly so many bytes; false with errno otherwise. */
static int exactly(int conn, void *buf, size_t len)
{
	int rc = xtcp_recvall(conn, buf, len);

	if (!rc)
		errno = EBADMSG;	/* the sender is not done yet */
	return rc > 0;
}

static int write_all(int fd, const char *buf, size_t len)
{
	ssize_t n;

	for (; len; buf += n, len -= n) {
		n = write(fd, buf, len);
		if (n < 0)
			return 0;
	}
	return 1;
}

/* The name and the length; NULL, or what is wrong. */
static const char *receive_header(int conn, struct file *file)
{
	uint64_t length;
	size_t len;
	int rc;

	rc = xtcp_recv_msg(conn, file->name, sizeof(file->name) - 1, &len);
	if (rc <= 0)
		return rc ? strerror(errno) : "the sender left";
	file->name[len] = '\0';
	/* The sender does not choose where we write. */
	if (!len || len != strlen(file->name) || strchr(file->name, '/') ||
	    !strcmp(file->name, ".") || !strcmp(file->name, ".."))
		return "not a plain file name";
	if (!exactly(conn, &length, sizeof(length)))
		return strerror(errno);
	file->length = be64toh(length);
	return NULL;
}

static const char *receive_contents(int conn, struct file *file, int fd)
{
	unsigned char announced[SHA256_SIZE];
	struct sha256 sha;
	uint64_t left;
	size_t n;

	sha256_init(&sha);
	for (left = file->length; left; left -= n) {
		n = left < sizeof(chunk) ? left : sizeof(chunk);
		if (!exactly(conn, chunk, n))
			return strerror(errno);
		sha256_update(&sha, chunk, n);
		if (!write_all(fd, chunk, n))
			return strerror(errno);
	}
	sha256_final(&sha, file->digest);
	if (!exactly(conn, announced, sizeof(announced)))
		return strerror(errno);
	return memcmp(announced, file->digest, SHA256_SIZE) ?
		"the checksum differs" : NULL;
}

/* Under a name of our own until it is known to be intact. */
static const char *receive_file(int conn, const char *directory, struct file *file)
{
	char part[PATH_MAX], target[PATH_MAX];
	const char *wrong;
	int fd;

	wrong = receive_header(conn, file);
	if (wrong)
		return wrong;
	snprintf(part, sizeof(part), "%s/.part-%d", directory, (int)getpid());
	if ((size_t)snprintf(target, sizeof(target), "%s/%s", directory,
			     file->name) >= sizeof(target))
		return strerror(ENAMETOOLONG);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return strerror(errno);
	wrong = receive_contents(conn, file, fd);
	if (close(fd) < 0 && !wrong)
		wrong = strerror(errno);
	if (!wrong && rename(part, target) < 0)
		wrong = strerror(errno);
	if (wrong)
		unlink(part);
	return wrong;
}

int main(int argc, char **argv)
{
	const char *address = argc > 2 ? argv[2] : "127.0.0.1";
	const char *port = argc > 3 ? argv[3] : "7000";
	char text[2 * SHA256_SIZE + 1];
	const char *wrong, *verdict;
	struct file file;
	int listener, conn;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2)
		errx(1, "usage: file_receive DIRECTORY [ADDRESS [PORT]]");
	listener = xtcp_listen(address, port);
	if (listener < 0)
		errx(1, "%s", xtcp_last_error());
	printf("listening on %s port %s\n", address, port);
	conn = accept(listener, NULL, NULL);
	if (conn < 0)
		err(1, "accept");
	close(listener);

	wrong = receive_file(conn, argv[1], &file);
	verdict = wrong ? wrong : "ok";
	if (xtcp_send_msg(conn, verdict, strlen(verdict)) < 0)
		warn("verdict to the sender");
	close(conn);
	if (wrong)
		errx(1, "%s", wrong);
	sha256_text(file.digest, text);
	printf("received %s, %llu bytes, sha256 %s\n", file.name,
	       (unsigned long long)file.length, text);
	return 0;
}
