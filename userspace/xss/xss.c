// SPDX-License-Identifier: GPL-2.0
/* xss: lists XTCP sockets.  See xss(8). */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xss.h"

enum { OPT_WATCH = 256, OPT_COUNT, OPT_JSON };

static const char usage_text[] =
"usage: xss [OPTION]... [FILTER]\n"
"  -a, --all          all states, listening ones and TIME-WAIT included\n"
"  -l, --listening    listening sockets\n"
"  -n, --numeric      no names of services\n"
"  -p, --processes    whose sockets they are\n"
"  -e, --extended     user, inode, cookie, mark\n"
"  -o, --options      timers\n"
"  -i, --info         what the connection knows of itself\n"
"  -m, --memory       what it holds\n"
"  -s, --summary      only how many there are\n"
"  -K, --kill         end what is listed\n"
"  -4, -6             only IPv4, only IPv6; -f, --family=inet|inet6\n"
"  -t, --xtcp         XTCP sockets: there are no others\n"
"  -H, --no-header    no titles\n"
"  -O, --oneline      a line per socket\n"
"  -N, --net=NAME     in the network namespace NAME\n"
"  -j, --json         for programs\n"
"      --watch[=S]    again every S seconds (1), with rates\n"
"      --count=N      N times\n"
"  -V, --version      -h, --help\n"
"FILTER := [(state|exclude) STATE]... [EXPRESSION], as of ss; see xss(8)\n";

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "listening", no_argument, NULL, 'l' },
	{ "numeric", no_argument, NULL, 'n' },
	{ "processes", no_argument, NULL, 'p' },
	{ "extended", no_argument, NULL, 'e' },
	{ "options", no_argument, NULL, 'o' },
	{ "info", no_argument, NULL, 'i' },
	{ "memory", no_argument, NULL, 'm' },
	{ "summary", no_argument, NULL, 's' },
	{ "kill", no_argument, NULL, 'K' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "family", required_argument, NULL, 'f' },
	{ "xtcp", no_argument, NULL, 't' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "oneline", no_argument, NULL, 'O' },
	{ "net", required_argument, NULL, 'N' },
	{ "json", no_argument, NULL, 'j' },
	{ "watch", optional_argument, NULL, OPT_WATCH },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static uint8_t ip_version(const char *name)
{
	if (!strcmp(name, "inet"))
		return AF_INET;
	if (!strcmp(name, "inet6"))
		return AF_INET6;
	errx(2, "no such family: '%s'", name);
}

static void enter_namespace(const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s%s",
		 strchr(name, '/') ? "" : "/run/netns/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
}

static double seconds(const char *text)
{
	char *end;
	double s = text ? strtod(text, &end) : 1;

	if (text && (*end || s < 0.01 || s > 86400))
		errx(2, "no such time: '%s'", text);
	return s;
}

static unsigned long times(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!n || *end)
		errx(2, "no such number: '%s'", text);
	return n;
}

static uint8_t extensions(const struct options *o)
{
	uint8_t ext = 0;

	if (o->info || o->watch_s)
		ext |= 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
	if (o->memory)
		ext |= 1 << (INET_DIAG_SKMEMINFO - 1);
	return ext;
}

/* What cannot be ended any more, as it just went, is left out. */
static void end_all(struct entries *e)
{
	size_t i, n = 0;
	int error;

	for (i = 0; i < e->n; i++) {
		error = ask_to_end(&e->all[i]);
		if (error && error != ENOENT) {
			errno = error;
			err(1, "cannot end a socket");
		}
		if (error)
			free(e->all[i].info);
		else
			e->all[n++] = e->all[i];
	}
	e->n = n;
}

static void once(const struct question *q, const struct options *o,
		 bool summary)
{
	struct entries e;

	ask(q, &e);
	if (o->kill)
		end_all(&e);
	if (o->processes)
		processes_read();
	if (summary)
		show_summary(&e);
	else if (o->json)
		show_json(&e, o);
	else
		show(&e, o);
	entries_free(&e);
}

static bool simple_option(struct options *o, int c)
{
	switch (c) {
	case 'n':
		o->numeric = true;
		break;
	case 'p':
		o->processes = true;
		break;
	case 'e':
		o->extended = true;
		break;
	case 'o':
		o->timers = true;
		break;
	case 'i':
		o->info = true;
		break;
	case 'm':
		o->memory = true;
		break;
	case 'K':
		o->kill = true;
		break;
	case 'H':
		o->no_header = true;
		break;
	case 'O':
		o->one_line = true;
		break;
	case 'j':
		o->json = true;
		break;
	case 't':
		break;
	case OPT_WATCH:
		o->watch_s = seconds(optarg);
		break;
	case OPT_COUNT:
		o->count = times(optarg);
		break;
	default:
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct question q;
	uint32_t states = OPEN_STATES;
	struct options o = {};
	bool summary = false;
	int c;

	while ((c = getopt_long(argc, argv, "alnpeoimsK46f:tHON:jVh",
				long_options, NULL)) != -1) {
		if (simple_option(&o, c))
			continue;
		switch (c) {
		case 'a':
			states = ALL_STATES;
			break;
		case 'l':
			states = STATE(XTCP_LISTEN);
			break;
		case 's':
			summary = true;
			states = ALL_STATES;
			break;
		case '4':
			q.ip = AF_INET;
			break;
		case '6':
			q.ip = AF_INET6;
			break;
		case 'f':
			q.ip = ip_version(optarg);
			break;
		case 'N':
			enter_namespace(optarg);
			break;
		case 'V':
			puts("xss " XSS_VERSION);
			return 0;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			fputs(usage_text, stderr);
			return 2;
		}
	}
	parse_filter(&q, argv + optind, states);
	if (o.kill && (o.watch_s || summary))
		errx(2, "-K goes neither with --watch nor with -s");
	q.ext = extensions(&o);
	ask_open();
	if (o.watch_s)
		watch(&q, &o);
	else
		once(&q, &o, summary);
	if (fflush(stdout) || ferror(stdout))
		err(1, "standard output");
	return 0;
}
