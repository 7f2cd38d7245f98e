/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A situation is a function that makes some calls.  R() notes what a call
 * returned, or its errno; FD() does so for a call that returns a descriptor,
 * whose number does not matter, and gives it back.
 */
#ifndef ERRNO_SITUATION_H
#define ERRNO_SITUATION_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xtcp_test.h"

#define BAD ((void *)8)		/* a pointer to nothing */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct run {
	struct xt x;
	char notes[2000];
};

#define ON_XTCP_FAMILY	1	/* the doors that are AF_XTCP */
#define ON_INET_FAMILY	2	/* AF_INET and AF_INET6 with IPPROTO_XTCP */

struct situation {
	const char *name;
	void (*fn)(struct run *r);
	unsigned int doors;
	struct situation *next;
};

void situation_add(struct situation *s);

#define SITUATION_FOR(which, id)					\
	static void id(struct run *r);					\
	static void __attribute__((constructor)) add_##id(void)	\
	{								\
		static struct situation s = { #id, id, which, NULL };	\
									\
		situation_add(&s);					\
	}								\
	static void id(struct run *r)

#define SITUATION(id) SITUATION_FOR(ON_XTCP_FAMILY | ON_INET_FAMILY, id)
/* AF_XTCP takes addresses of both families, so it cannot be compared here. */
#define SITUATION_INET(id) SITUATION_FOR(ON_INET_FAMILY, id)

long note(struct run *r, long value, int err);
long note_fd(struct run *r, long fd, int err);

#define NOTE(how, call)							\
	({								\
		long value_;						\
									\
		errno = 0;						\
		value_ = (long)(call);					\
		how(r, value_, errno);					\
	})
#define R(call)		NOTE(note, call)
#define FD(call)	NOTE(note_fd, call)

/* What most situations begin with. */
int sock(struct run *r);
int bound(struct run *r, uint16_t port);
int listening(struct run *r, uint16_t *port);
void pair(struct run *r, int fd[2]);
int reset(struct run *r);	/* the peer has sent RST, and it has come */
int connecting(struct run *r);	/* to an address that says nothing */
bool arrived(int fd, uint64_t bytes);	/* waits until so many have come */
void black_hole(const struct xt *x, union xt_addr *a);

#endif /* ERRNO_SITUATION_H */
