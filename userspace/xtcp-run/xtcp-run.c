// SPDX-License-Identifier: GPL-2.0
/*
 * xtcp-run: run an unmodified program with its TCP sockets over XTCP.
 *
 * Checks that it can work, adds libxtcp-run.so to LD_PRELOAD, and becomes the
 * program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"
#include "target.h"

#ifndef PRELOAD_DIR
#error "PRELOAD_DIR: where libxtcp-run.so gets installed"
#endif

/* As env(1) and timeout(1) have them. */
enum {
	EXIT_OURS = 125,	/* xtcp-run itself failed */
	EXIT_CANNOT_RUN = 126,	/* found, but cannot be run or carried */
	EXIT_NOT_FOUND = 127,
};

static const char usage[] =
	"usage: xtcp-run [-v] [--] COMMAND [ARGUMENT ...]\n"
	"Runs COMMAND with its TCP sockets over XTCP.\n"
	"  -v  tell on stderr about every socket that goes over XTCP\n"
	"  -h  this text\n";

static int check_module(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, xtcp_protocol_in_use());

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno == EPROTONOSUPPORT)
		fputs("xtcp-run: the xtcp module is not loaded; "
		      "as root: modprobe xtcp, or insmod xtcp.ko\n", stderr);
	else
		perror("xtcp-run: cannot open an XTCP socket");
	return -1;
}

/* Beside this program in a build tree, else where it was installed. */
static int find_preload(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[n < 0 ? 0 : n] = '\0';
	slash = strrchr(path, '/');
	if (slash) {
		slash[1] = '\0';
		if (strlen(path) + sizeof("libxtcp-run.so") <= size) {
			strcat(path, "libxtcp-run.so");
			if (!access(path, R_OK))
				goto found;
		}
	}
	snprintf(path, size, "%s/libxtcp-run.so", PRELOAD_DIR);
	if (access(path, R_OK)) {
		fprintf(stderr, "xtcp-run: %s: %s\n", path, strerror(errno));
		return -1;
	}
found:
	if (path[strcspn(path, " :")]) {
		fprintf(stderr, "xtcp-run: %s: %s\n", path,
			"a path with a space or a colon cannot stand in LD_PRELOAD");
		return -1;
	}
	return 0;
}

/* Is @path one of the entries already (an xtcp-run inside an xtcp-run)? */
static bool listed(const char *list, const char *path)
{
	size_t len = strlen(path), n;

	for (; *list; list += n) {
		list += strspn(list, " :");
		n = strcspn(list, " :");
		if (n == len && !memcmp(list, path, n))
			return true;
	}
	return false;
}

static int preload(const char *path)
{
	const char *old = getenv("LD_PRELOAD");
	char *both;
	int rc;

	if (!old || !*old)
		return setenv("LD_PRELOAD", path, 1);
	if (listed(old, path))
		return 0;
	if (asprintf(&both, "%s:%s", old, path) < 0)
		return -1;
	rc = setenv("LD_PRELOAD", both, 1);
	free(both);
	return rc;
}

int main(int argc, char **argv)
{
	char library[PATH_MAX], program[PATH_MAX], checked[PATH_MAX];
	const char *reason;
	int opt, err;

	while ((opt = getopt(argc, argv, "+hv")) != -1) {
		switch (opt) {
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'v':
			setenv("XTCP_RUN_VERBOSE", "1", 1);
			break;
		default:
			fputs(usage, stderr);
			return EXIT_OURS;
		}
	}
	argv += optind;
	if (!*argv) {
		fputs(usage, stderr);
		return EXIT_OURS;
	}

	if (!target_find(*argv, program, sizeof(program))) {
		err = errno;
		fprintf(stderr, "xtcp-run: %s: %s\n", *argv, strerror(err));
		return err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	}
	strcpy(checked, program);
	reason = target_check(checked);
	if (reason) {
		fprintf(stderr, "xtcp-run: %s %s\n", checked, reason);
		return EXIT_CANNOT_RUN;
	}
	if (check_module() || find_preload(library, sizeof(library)))
		return EXIT_OURS;
	if (preload(library) < 0) {
		perror("xtcp-run: LD_PRELOAD");
		return EXIT_OURS;
	}

	execvp(program, argv);	/* for scripts without "#!" as a shell does it */
	err = errno;
	fprintf(stderr, "xtcp-run: %s: %s\n", program, strerror(err));
	return err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}
