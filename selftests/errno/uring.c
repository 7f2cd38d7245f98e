// SPDX-License-Identifier: GPL-2.0
/* io_uring: the same calls, from a ring.  Without its library: two mappings. */
#define _GNU_SOURCE
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "situation.h"

#define ENTRIES 8

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_array, *cq_head, *cq_tail;
	unsigned int sq_mask, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

/* 0, or what refuses it: a kernel without, or a policy. */
static int ring_open(struct ring *g)
{
	struct io_uring_params p = { };
	size_t len;
	char *map;

	g->fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (g->fd < 0)
		return -1;
	len = p.cq_off.cqes + p.cq_entries * sizeof(*g->cqes);
	if (len < p.sq_off.array + p.sq_entries * sizeof(int))
		len = p.sq_off.array + p.sq_entries * sizeof(int);
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd,
		   IORING_OFF_SQ_RING);
	g->sqes = mmap(NULL, p.sq_entries * sizeof(*g->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, g->fd,
		       IORING_OFF_SQES);
	if (map == MAP_FAILED || g->sqes == MAP_FAILED ||
	    !(p.features & IORING_FEAT_SINGLE_MMAP)) {
		errno = ENOSYS;
		return -1;
	}
	g->sq_tail = (void *)(map + p.sq_off.tail);
	g->sq_array = (void *)(map + p.sq_off.array);
	g->sq_mask = p.sq_entries - 1;
	g->cq_head = (void *)(map + p.cq_off.head);
	g->cq_tail = (void *)(map + p.cq_off.tail);
	g->cq_mask = p.cq_entries - 1;
	g->cqes = (void *)(map + p.cq_off.cqes);
	return 0;
}

static int submit(struct ring *g, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *g->sq_tail, at = tail & g->sq_mask;

	g->sqes[at] = *sqe;
	g->sq_array[at] = at;
	__atomic_store_n(g->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, g->fd, 1, 0, 0, NULL, 0);
}

struct done {
	int res;
	unsigned int flags;
};

/* The next completion. */
static struct done next(struct ring *g)
{
	struct done done = { .res = -ETIME };
	unsigned int head = *g->cq_head;

	while (head == __atomic_load_n(g->cq_tail, __ATOMIC_ACQUIRE))
		if (syscall(SYS_io_uring_enter, g->fd, 0, 1,
			    IORING_ENTER_GETEVENTS, NULL, 0) < 0 &&
		    errno != EINTR)
			return done;
	done.res = g->cqes[head & g->cq_mask].res;
	done.flags = g->cqes[head & g->cq_mask].flags;
	__atomic_store_n(g->cq_head, head + 1, __ATOMIC_RELEASE);
	return done;
}

static void data(struct ring *g, struct run *r, int op, int fd, void *buf,
		 unsigned int len)
{
	struct io_uring_sqe sqe = { .opcode = op, .fd = fd,
				    .addr = (uintptr_t)buf, .len = len };

	R(submit(g, &sqe));
}

SITUATION(uring__accept_send_recv)
{
	struct io_uring_sqe accept = { .opcode = IORING_OP_ACCEPT,
				       .ioprio = IORING_ACCEPT_MULTISHOT };
	int fd[2], got[2], listener;
	struct done c;
	char buf[32] = "";
	struct ring g;
	uint16_t port;

	if (R(ring_open(&g)))
		return;
	listener = listening(r, &port);
	accept.fd = listener;
	R(submit(&g, &accept));
	for (int i = 0; i < 2; i++) {
		fd[i] = sock(r);
		R(xt_connect(&r->x, fd[i], port));
		c = next(&g);
		FD(c.res);
		R(c.flags);
		got[i] = c.res;
	}
	data(&g, r, IORING_OP_RECV, got[1], buf, sizeof(buf));
	R(write(fd[1], "to the ring", 11));
	R(next(&g).res);
	R(memcmp(buf, "to the ring", 11));
	data(&g, r, IORING_OP_SEND, got[1], "back", 4);
	R(next(&g).res);
	R(recv(fd[1], buf, 4, MSG_WAITALL));
	close(fd[1]);
	data(&g, r, IORING_OP_RECV, got[1], buf, sizeof(buf));
	R(next(&g).res);
	close(got[0]);
	close(got[1]);
	close(g.fd);
}

/* Sent from where it stands: one completion for the call, one for the pages. */
SITUATION(uring__send_zc)
{
	static char buf[30000], in[30000];
	struct done c;
	struct ring g;
	int fd[2];

	if (R(ring_open(&g)))
		return;
	pair(r, fd);
	memset(buf, 'z', sizeof(buf));
	data(&g, r, IORING_OP_SEND_ZC, fd[0], buf, sizeof(buf));
	c = next(&g);
	R(c.res);
	R(c.flags);
	R(xt_read_all(fd[1], in, sizeof(in)));
	R(memcmp(buf, in, sizeof(in)));
	if (c.flags & IORING_CQE_F_MORE) {
		c = next(&g);
		R(c.res);
		R(c.flags);
	}
	/* The socket goes while a receive waits in the ring. */
	data(&g, r, IORING_OP_RECV, fd[1], in, sizeof(in));
	close(fd[0]);
	R(next(&g).res);
	close(g.fd);
}
