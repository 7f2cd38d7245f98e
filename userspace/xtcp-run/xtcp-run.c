// SPDX-License-Identifier: GPL-2.0
/*
 * xtcp-run: run an unmodified program with its TCP sockets over XTCP.
 *
 * Checks that it can work, adds libxtcp-run.so to LD_PRELOAD (or has the kernel
 * ask, notify.c), and becomes the program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notify.h"
#include "protocol.h"
#include "settings.h"
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
	"usage: xtcp-run [OPTION ...] [--] COMMAND [ARGUMENT ...]\n"
	"Runs COMMAND with its TCP sockets over XTCP.\n"
	"  -l, --listen-only   only those that listen\n"
	"  -c, --connect-only  only those that connect\n"
	"  -p, --ports LIST    only with these ports: 80,443,8000-8099\n"
	"  -f, --fallback      without the module over TCP, with a warning\n"
	"  -s, --seccomp       also static programs, and those that call the kernel directly\n"
	"  -v, --verbose       tell on stderr about every socket that goes over XTCP\n"
	"  -V, --version       print the version\n"
	"  -h, --help          this text\n";

static const struct option long_options[] = {
	{ "listen-only", no_argument, NULL, 'l' },
	{ "connect-only", no_argument, NULL, 'c' },
	{ "ports", required_argument, NULL, 'p' },
	{ "fallback", no_argument, NULL, 'f' },
	{ "seccomp", no_argument, NULL, 's' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Returns 0, 1 when TCP has to do, -1 after it has said what is wrong. */
static int check_module(bool fallback)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, xtcp_protocol_in_use());

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno == EPROTONOSUPPORT && fallback) {
		fputs("xtcp-run: the xtcp module is not loaded: going over TCP\n", stderr);
		return 1;
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

/* What the command line says, in the environment; earlier values go. */
static int parse_options(int argc, char **argv, bool *seccomp)
{
	static struct settings checked;
	bool limited = false;
	int opt;

	unsetenv(ENV_VERBOSE);
	unsetenv(ENV_FALLBACK);
	unsetenv(ENV_ONLY);
	unsetenv(ENV_PORTS);
	while ((opt = getopt_long(argc, argv, "+lcp:fsvVh", long_options, NULL)) != -1) {
		switch (opt) {
		case 'l':
		case 'c':
			if (getenv(ENV_ONLY)) {
				fputs("xtcp-run: only one of -l and -c\n", stderr);
				return EXIT_OURS;
			}
			setenv(ENV_ONLY, opt == 'l' ? "listen" : "connect", 1);
			limited = true;
			break;
		case 'p':
			if (parse_ports(&checked, optarg)) {
				fprintf(stderr, "xtcp-run: no list of ports: %s\n", optarg);
				return EXIT_OURS;
			}
			setenv(ENV_PORTS, optarg, 1);
			limited = true;
			break;
		case 'f':
			setenv(ENV_FALLBACK, "1", 1);
			break;
		case 's':
			*seccomp = true;
			break;
		case 'v':
			setenv(ENV_VERBOSE, "1", 1);
			break;
		case 'V':
			puts("xtcp-run " VERSION);
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			return EXIT_OURS;
		}
	}
	if (*seccomp && limited) {
		fputs("xtcp-run: -s cannot tell ports and directions apart\n", stderr);
		return EXIT_OURS;
	}
	if (!argv[optind]) {
		fputs(usage, stderr);
		return EXIT_OURS;
	}
	return 0;
}

/* Can it be carried, and with what?  Returns 0 or an exit status. */
static int prepare(const char *program, bool seccomp)
{
	char library[PATH_MAX], checked[PATH_MAX];
	bool fallback = getenv(ENV_FALLBACK);
	const char *reason = NULL;
	int without;

	strcpy(checked, program);
	if (!seccomp)
		reason = target_check(checked);
	if (reason) {
		fprintf(stderr, "xtcp-run: %s %s%s\n", checked, reason,
			fallback ? ": going over TCP" : " (try --seccomp)");
		return fallback ? 0 : EXIT_CANNOT_RUN;
	}
	without = check_module(fallback);
	if (without)
		return without < 0 ? EXIT_OURS : 0;
	if (seccomp)
		return notify_start(xtcp_protocol_in_use(), getenv(ENV_VERBOSE)) ? EXIT_OURS : 0;
	if (find_preload(library, sizeof(library)))
		return EXIT_OURS;
	if (preload(library) < 0) {
		perror("xtcp-run: LD_PRELOAD");
		return EXIT_OURS;
	}
	return 0;
}

int main(int argc, char **argv)
{
	char program[PATH_MAX];
	bool seccomp = false;
	int status, err;

	status = parse_options(argc, argv, &seccomp);
	if (status)
		return status;
	argv += optind;
	if (!target_find(*argv, program, sizeof(program))) {
		err = errno;
		fprintf(stderr, "xtcp-run: %s: %s\n", *argv, strerror(err));
		return err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	}
	status = prepare(program, seccomp);
	if (status)
		return status;

	execvp(program, argv);	/* for scripts without "#!" as a shell does it */
	err = errno;
	fprintf(stderr, "xtcp-run: %s: %s\n", program, strerror(err));
	return err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}
