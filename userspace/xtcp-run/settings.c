// SPDX-License-Identifier: GPL-2.0
/* The options of xtcp-run on both sides of exec(). */
#include <stdlib.h>
#include <string.h>

#include "settings.h"

/* A decimal port at *@text, which moves behind it; -1 if there is none. */
static long parse_port(const char **text)
{
	char *end;
	long port;

	if (**text < '0' || **text > '9')
		return -1;
	port = strtol(*text, &end, 10);
	*text = end;
	return port >= 1 && port <= 65535 ? port : -1;
}

int parse_ports(struct settings *settings, const char *text)
{
	long first, last;

	do {
		first = parse_port(&text);
		last = first;
		if (*text == '-') {
			text++;
			last = parse_port(&text);
		}
		if (first < 0 || last < first || (*text && *text != ','))
			return -1;
		for (; first <= last; first++)
			settings->ports[first / 8] |= 1 << first % 8;
	} while (*text++ == ',');
	settings->some_ports = true;
	return 0;
}

void read_settings(struct settings *settings)
{
	const char *only = getenv(ENV_ONLY), *ports = getenv(ENV_PORTS);

	settings->verbose = !!getenv(ENV_VERBOSE);
	settings->fallback = !!getenv(ENV_FALLBACK);
	settings->listen = !only || strcmp(only, "connect");
	settings->connect = !only || strcmp(only, "listen");
	if (ports)
		parse_ports(settings, ports);
}
