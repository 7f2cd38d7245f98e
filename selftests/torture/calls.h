/* SPDX-License-Identifier: GPL-2.0 */
/* Calls by chance (calls_each.c), and who throws them (calls.c). */
#ifndef CALLS_H
#define CALLS_H

#include "torture.h"

#define FIRST		300	/* descriptor; below are those that matter */
#define FDS		32
#define ERRNO_MAX	600

#define CALLS(X)							\
	X(socket) X(bind) X(connect) X(disconnect) X(listen) X(accept)	\
	X(send) X(sendmsg) X(sendmmsg) X(sendfile) X(write)		\
	X(recv) X(recvmsg) X(recvmmsg) X(read) X(splice)		\
	X(shutdown) X(close) X(dup) X(pair) X(serve) X(dial)		\
	X(setsockopt) X(set_known) X(getsockopt) X(ioctl) X(fcntl)	\
	X(names) X(poll) X(epoll) X(pass)

enum call {
#define CALL_ENUM(name) CALL_##name,
	CALLS(CALL_ENUM)
#undef CALL_ENUM
	CALL_MAX,
};

/* One thread's world. */
struct caller {
	struct xt_random r;
	uint8_t *page;		/* one that can be used, before one that cannot */
	int epoll;
};

extern const char * const names_of_calls[CALL_MAX];
extern long (* const calls[CALL_MAX])(struct caller *c);

void caller_init(struct caller *c, uint64_t seed);
/* What all callers share; the descriptors' end. */
int shared_begin(void);
void shared_end(void);

#endif /* CALLS_H */
