// SPDX-License-Identifier: GPL-2.0
/* xtcp-bench: a load generator for XTCP and TCP.  This is its command line. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] =
	"usage: xtcp-bench server [--bind ADDRESS] [--port N] [--flow T]...\n"
	"       xtcp-bench bulk --to ADDRESS [--flow T[:N]]... [--seconds S]\n"
	"                       [--interval S] [--stagger S]\n"
	"       xtcp-bench flows --to ADDRESS [--flow T] [--bytes N] [--count N]\n"
	"                        [--gap S] [--timeout S]\n"
	"       xtcp-bench probe --to ADDRESS [--seconds S] [--interval S]\n"
	"       xtcp-bench cost --test TEST --to ADDRESS [--flow T] [--bytes N]\n"
	"                       [--count N] [--warm N] [--nagle] [--netns NAME]\n"
	"T is tcp or xtcp, with /CONTROLLER for another than the system's; :N makes N\n"
	"flows of it.  The server listens for both, and echoes UDP.\n"
	"  --port N      default 5300\n"
	"  --seconds S   how long bulk and probe last, default 10\n"
	"  --interval S  between two lines of bulk (1), two packets of probe (0.05)\n"
	"  --stagger S   between the starts of bulk's flows, default 0\n"
	"  --bytes N     of each response, default 100000\n"
	"  --count N     short flows, one after the other, default 10\n"
	"  --gap S       between two of them, default 0.5\n"
	"  --timeout S   for one of them, default 120\n"
	"cost takes no server, but also sctp and unix.  TEST is bulk, sendfile, rr,\n"
	"flow or idle: --count MiB, transactions or connections after --warm others, in\n"
	"calls, messages or responses of --bytes; the reader in --netns if there is one.\n"
	"Lines on stdout are a word and NAME=VALUE pairs; bytes, unless a name tells\n"
	"otherwise.  acked is what the peer acknowledged, retrans what was sent again.\n";

enum { OPT_BIND = 1, OPT_TO, OPT_PORT, OPT_FLOW, OPT_SECONDS, OPT_INTERVAL,
	OPT_STAGGER, OPT_BYTES, OPT_COUNT, OPT_GAP, OPT_TIMEOUT, OPT_TEST,
	OPT_WARM, OPT_NAGLE, OPT_NETNS, OPT_HELP };

static const struct option long_options[] = {
	{ "bind", required_argument, NULL, OPT_BIND },
	{ "to", required_argument, NULL, OPT_TO },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "flow", required_argument, NULL, OPT_FLOW },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "stagger", required_argument, NULL, OPT_STAGGER },
	{ "bytes", required_argument, NULL, OPT_BYTES },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "gap", required_argument, NULL, OPT_GAP },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "test", required_argument, NULL, OPT_TEST },
	{ "warm", required_argument, NULL, OPT_WARM },
	{ "nagle", no_argument, NULL, OPT_NAGLE },
	{ "netns", required_argument, NULL, OPT_NETNS },
	{ "help", no_argument, NULL, OPT_HELP },
	{}
};

static const struct command {
	const char *name;
	int (*run)(const struct bench_options *o);
	bool client;
	double interval_s;
} commands[] = {
	{ "server", bench_server, false, 1 },
	{ "bulk", bench_bulk, true, 1 },
	{ "flows", bench_flows, true, 1 },
	{ "probe", bench_probe, true, 0.05 },
	{ "cost", bench_cost, true, 1 },
};

_Noreturn static void bad(const char *what, const char *value)
{
	fprintf(stderr, "xtcp-bench: %s: '%s'\n%s", what, value, usage);
	exit(2);
}

static unsigned long parse_number(const char *text)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end)
		bad("not a number", text);
	return n;
}

static double parse_seconds(const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0 && s < 1e6))
		bad("not a number of seconds", text);
	return s;
}

/* T or T:N */
static void add_flows(struct bench_options *o, const char *text)
{
	const char *colon = strchrnul(text, ':');
	unsigned long n = *colon ? parse_number(colon + 1) : 1;
	struct bench_transport t;
	char *name = strndup(text, colon - text);

	if (!name || !bench_parse_transport(name, &t) || n < 1 || n > 10000)
		bad("no such flow", text);
	free(name);
	o->transports = reallocarray(o->transports, o->transports_n + n,
				     sizeof(*o->transports));
	if (!o->transports)
		bad("no memory for", text);
	while (n--)
		o->transports[o->transports_n++] = t;
}

struct place {
	const char *host;
	const char *port;
};

static void set_option(int c, struct bench_options *o, struct place *where)
{
	switch (c) {
	case OPT_BIND:
	case OPT_TO:
		where->host = optarg;
		break;
	case OPT_PORT:
		where->port = optarg;
		break;
	case OPT_FLOW:
		add_flows(o, optarg);
		break;
	case OPT_SECONDS:
		o->seconds = parse_seconds(optarg);
		break;
	case OPT_INTERVAL:
		o->interval_s = parse_seconds(optarg);
		break;
	case OPT_STAGGER:
		o->stagger_s = parse_seconds(optarg);
		break;
	case OPT_BYTES:
		o->bytes = parse_number(optarg);
		break;
	case OPT_COUNT:
		o->count = parse_number(optarg);
		break;
	case OPT_GAP:
		o->gap_s = parse_seconds(optarg);
		break;
	case OPT_TIMEOUT:
		o->timeout_s = parse_seconds(optarg);
		break;
	case OPT_TEST:
		o->test = optarg;
		break;
	case OPT_WARM:
		o->warm = parse_number(optarg);
		break;
	case OPT_NAGLE:
		o->nagle = true;
		break;
	case OPT_NETNS:
		o->netns = optarg;
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		exit(2);
	}
}

static void parse(int argc, char **argv, const struct command *command,
		  struct bench_options *o)
{
	struct place where = {
		.host = command->client ? NULL : "0.0.0.0",
		.port = "5300",
	};
	size_t i;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(c, o, &where);
	if (optind < argc)
		bad("one word too many", argv[optind]);
	if (!where.host)
		bad("--to is missing for", command->name);
	if (!(o->interval_s > 0) || !o->bytes)
		bad("must not be 0", o->bytes ? "--interval" : "--bytes");
	if (command->run == bench_cost && !o->test)
		bad("--test is missing for", command->name);
	if (!bench_parse_address(where.host, where.port, &o->address))
		exit(2);
	for (i = 0; command->run != bench_cost && i < o->transports_n; i++) {
		if (o->transports[i].proto > BENCH_XTCP)
			bad("only cost takes", bench_proto_name(o->transports[i].proto));
	}
	if (!o->transports_n) {
		add_flows(o, "xtcp");
		if (!command->client)
			add_flows(o, "tcp");
	}
}

int main(int argc, char **argv)
{
	struct bench_options o = {
		.seconds = 10, .gap_s = 0.5, .timeout_s = 120,
		.bytes = 100000, .count = 10,
	};
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		o.interval_s = commands[i].interval_s;
		parse(argc - 1, argv + 1, &commands[i], &o);
		return commands[i].run(&o);
	}
	bad("no such command", argc > 1 ? argv[1] : "");
}
