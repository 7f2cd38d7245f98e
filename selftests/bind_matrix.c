// SPDX-License-Identifier: GPL-2.0
/*
 * Who may share a port with whom: every pair of sockets out of seven kinds of
 * address, SO_REUSEADDR and SO_REUSEPORT on or off, the first one listening or
 * not.  bind() and listen() must answer for XTCP what they do for TCP, in the
 * same namespace: the two have port spaces of their own.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4711

static const struct kind {
	const char *address;
	bool v6, v6only;
} kinds[] = {
	{ "0.0.0.0", false, false },
	{ "127.0.0.1", false, false },
	{ "127.0.0.2", false, false },
	{ "::", true, false },
	{ "::", true, true },
	{ "::1", true, false },
	{ "::ffff:127.0.0.1", true, false },
};

#define KINDS ARRAY_SIZE(kinds)
#define SIDES (KINDS * 4)	/* by SO_REUSEADDR and SO_REUSEPORT */

enum world { TCP, INET, XTCP };

static int open_side(enum world world, unsigned int side)
{
	static const enum xt_door door[][2] = {
		[TCP] = { XT_TCP4, XT_TCP6 },
		[INET] = { XT_INET, XT_INET6 },
		[XTCP] = { XT_IPV4, XT_IPV6 },
	};
	const struct kind *k = kinds + side / 4;
	struct xt x;
	int fd;

	xt_door(&x, door[world][k->v6]);
	fd = xt_socket(&x, 0);
	if (fd < 0 || xt_set(fd, SOL_SOCKET, SO_REUSEADDR, side & 1) ||
	    xt_set(fd, SOL_SOCKET, SO_REUSEPORT, side >> 1 & 1) ||
	    (k->v6 && xt_set(fd, SOL_IPV6, IPV6_V6ONLY, k->v6only)))
		return -1;
	return fd;
}

static int bind_side(int fd, unsigned int side)
{
	const struct kind *k = kinds + side / 4;
	union xt_addr a = { };

	if (k->v6) {
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_port = htons(PORT);
		inet_pton(AF_INET6, k->address, &a.in6.sin6_addr);
		return bind(fd, &a.sa, sizeof(a.in6)) ? errno : 0;
	}
	a.in.sin_family = AF_INET;
	a.in.sin_port = htons(PORT);
	inet_pton(AF_INET, k->address, &a.in.sin_addr);
	return bind(fd, &a.sa, sizeof(a.in)) ? errno : 0;
}

/* What the calls answered. */
struct answers {
	int first_bind, first_listen;
	int bind, listen;		/* of the second socket */
	int late_listen;		/* of the first, if it did not yet */
};

static int try_pair(enum world world, unsigned int a, unsigned int b, bool listening,
		    struct answers *r)
{
	int first = open_side(world, a), second = open_side(world, b);

	if (first < 0 || second < 0)
		return -1;
	memset(r, 0, sizeof(*r));
	r->first_bind = bind_side(first, a);
	if (listening && listen(first, 1))
		r->first_listen = errno;
	r->bind = bind_side(second, b);
	/* Unbound it would take a port of its own. */
	if (!r->bind && listen(second, 1))
		r->listen = errno;
	if (!listening && listen(first, 1))
		r->late_listen = errno;
	return close(first) || close(second) ? -1 : 0;
}

static void describe(char *text, size_t size, unsigned int side)
{
	const struct kind *k = kinds + side / 4;

	snprintf(text, size, "%s%s%s%s", k->address, k->v6only ? " v6only" : "",
		 side & 1 ? " reuseaddr" : "", side & 2 ? " reuseport" : "");
}

static void tell(unsigned int a, unsigned int b, const struct answers *want,
		 const struct answers *got)
{
	char x[64], y[64];

	describe(x, sizeof(x), a);
	describe(y, sizeof(y), b);
	printf("# %s, then %s: bind %d listen %d, first's listen %d;", x, y,
	       got->bind, got->listen, got->late_listen);
	printf(" TCP: %d %d, %d\n", want->bind, want->listen,
	       want->late_listen);
}

/* How many of all pairs differ; -1 when a socket could not be made. */
static int compare(enum world world, bool listening)
{
	int differ = 0, conflicts = 0;
	unsigned int a, b;

	for (a = 0; a < SIDES; a++) {
		for (b = 0; b < SIDES; b++) {
			struct answers want, got;

			if (try_pair(TCP, a, b, listening, &want) ||
			    try_pair(world, a, b, listening, &got))
				return -1;
			conflicts += want.bind || want.listen;
			if (!memcmp(&want, &got, sizeof(want)))
				continue;
			differ++;
			tell(a, b, &want, &got);
		}
	}
	/* Or nothing was compared: most of them do conflict. */
	return conflicts > 100 ? differ : -1;
}

FIXTURE(bind_matrix) {
};

FIXTURE_VARIANT(bind_matrix) {
	enum world world;
};

FIXTURE_VARIANT_ADD(bind_matrix, xtcp) {
	.world = XTCP,
};

FIXTURE_VARIANT_ADD(bind_matrix, inet) {
	.world = INET,
};

FIXTURE_SETUP(bind_matrix)
{
	ASSERT_EQ(0, xt_new_netns());
}

FIXTURE_TEARDOWN(bind_matrix)
{
}

TEST_F(bind_matrix, first_listens__as_tcp)
{
	EXPECT_EQ(0, compare(variant->world, true));
}

TEST_F(bind_matrix, first_is_only_bound__as_tcp)
{
	EXPECT_EQ(0, compare(variant->world, false));
}

TEST_HARNESS_MAIN
