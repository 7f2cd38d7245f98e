/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the options of xtcp-run say.  They travel to the library inside the
 * program, and to what the program starts, in environment variables.
 */
#ifndef _XTCP_RUN_SETTINGS_H
#define _XTCP_RUN_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define ENV_VERBOSE	"XTCP_RUN_VERBOSE"	/* set: tell about sockets */
#define ENV_FALLBACK	"XTCP_RUN_FALLBACK"	/* set: rather TCP than nothing */
#define ENV_ONLY	"XTCP_RUN_ONLY"		/* "listen" or "connect" */
#define ENV_PORTS	"XTCP_RUN_PORTS"	/* "80,443,8000-8099" */

struct settings {
	bool verbose;
	bool fallback;
	bool listen;			/* listeners go over XTCP */
	bool connect;			/* and what connects */
	bool some_ports;		/* but only with these ports: */
	uint8_t ports[65536 / 8];	/* a bit each */
};

/*
 * parse_ports() - a list of ports and of ranges of them
 * @text: "80,443,8000-8099"
 *
 * Returns 0, and -1 when @text is anything else.
 */
int parse_ports(struct settings *settings, const char *text);

/* read_settings() - from the environment; what makes no sense there is left out */
void read_settings(struct settings *settings);

/* Does @port (host byte order) go over XTCP? */
static inline bool port_matches(const struct settings *settings, uint16_t port)
{
	return !settings->some_ports || settings->ports[port / 8] & 1 << port % 8;
}

/* Must the library wait for listen() or connect() to know? */
static inline bool restricted(const struct settings *settings)
{
	return settings->some_ports || !settings->listen || !settings->connect;
}

#endif /* _XTCP_RUN_SETTINGS_H */
