// SPDX-License-Identifier: GPL-2.0
/* Each call with arguments by chance; see calls.c. */
#define _GNU_SOURCE
#include "calls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGE		65536	/* bytes to use, before those that fault */
#define PORT		9000
#define PORTS		4
#define FILE_LEN	200000

static int unix_pair[2], file_fd;

static int fd_of(struct caller *c)
{
	return FIRST + below(&c->r, FDS);
}

/* @fd becomes one of the shared ones, in the place of another. */
static long adopt(struct caller *c, int fd)
{
	struct timeval t = { .tv_usec = 1000 * below(&c->r, 50) };
	int to, err;

	if (fd < 0)
		return -1;
	/* most block for a short while only, the rest is interrupted */
	if (below(&c->r, 8)) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	}
	to = dup2(fd, fd_of(c));
	err = errno;
	close(fd);
	errno = err;
	return to;
}

/* Memory for the kernel to read or write: @len bytes, or a trap. */
static void *memory(struct caller *c, size_t len)
{
	uint32_t room = len < PAGE ? len : PAGE;

	switch (below(&c->r, 24)) {
	case 0:
		return NULL;
	case 1:		/* below anything that is mapped */
		return (void *)(uintptr_t)below(&c->r, 4096);
	case 2:		/* an address of the kernel's */
		return (void *)(uintptr_t)(0xffff800000000000u | any(&c->r));
	case 3:		/* too short by some bytes */
		return c->page + PAGE - below(&c->r, room + 1);
	default:
		return c->page + PAGE - room;
	}
}

static size_t length(struct caller *c)
{
	switch (below(&c->r, 16)) {
	case 0:
		return 0;
	case 1:
		return any(&c->r);
	case 2:
		return (size_t)-1 >> below(&c->r, 40);
	case 3:
	case 4:
		return below(&c->r, PAGE);
	default:
		return below(&c->r, 3000);
	}
}

static int flags(struct caller *c)
{
	if (!below(&c->r, 4))
		return any(&c->r) & any(&c->r);
	return (below(&c->r, 4) ? MSG_DONTWAIT : 0) |
	       (below(&c->r, 4) ? 0 : MSG_PEEK) |
	       (below(&c->r, 8) ? 0 : MSG_OOB) |
	       (below(&c->r, 8) ? 0 : MSG_WAITALL) |
	       (below(&c->r, 8) ? 0 : MSG_MORE) |
	       (below(&c->r, 8) ? 0 : MSG_TRUNC) |
	       (below(&c->r, 16) ? 0 : MSG_ERRQUEUE) |
	       (below(&c->r, 16) ? 0 : MSG_ZEROCOPY) |
	       (below(&c->r, 16) ? 0 : MSG_FASTOPEN);
}

/* Mostly one that somebody may listen on. */
static socklen_t address(struct caller *c, union xt_addr *a)
{
	static const char * const v4[] = {
		"127.0.0.1", "127.0.0.1", "127.0.0.2", "0.0.0.0", "224.0.0.1",
		"255.255.255.255", "192.0.2.1",
	};
	static const char * const v6[] = {
		"::1", "::1", "::", "::ffff:127.0.0.1", "ff02::1", "fe80::1",
		"2001:db8::1",
	};
	struct xt x = { .family = below(&c->r, 2) ? AF_INET : AF_INET6 };
	socklen_t len = xt_parse(&x, a, v4[below(&c->r, ARRAY_SIZE(v4))],
				 v6[below(&c->r, ARRAY_SIZE(v6))],
				 PORT + below(&c->r, PORTS));

	switch (below(&c->r, 16)) {
	case 0:
		a->sa.sa_family = below(&c->r, 48);
		break;
	case 1:
		return below(&c->r, sizeof(*a) + 20);
	case 2:
		a->in6.sin6_scope_id = below(&c->r, 4);
		break;
	case 3:
		a->in.sin_port = any(&c->r);
		break;
	}
	return len;
}

static long call_socket(struct caller *c)
{
	static const enum xt_door doors[] = {
		XT_IPV4, XT_IPV6, XT_INET, XT_INET6,
	};
	static const int types[] = {
		SOCK_STREAM | SOCK_NONBLOCK, SOCK_STREAM | SOCK_CLOEXEC,
		SOCK_STREAM, SOCK_STREAM, SOCK_STREAM, SOCK_STREAM,
		SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET,
	};
	int protocol;
	struct xt x;

	xt_door(&x, doors[below(&c->r, ARRAY_SIZE(doors))]);
	protocol = below(&c->r, 16) ? x.protocol : (int)any(&c->r);
	/* a stray number may make a socket of some other kind: as well */
	return adopt(c, socket(x.domain, types[below(&c->r, ARRAY_SIZE(types))],
			       protocol));
}

static long call_bind(struct caller *c)
{
	union xt_addr a;
	socklen_t len = address(c, &a);

	if (below(&c->r, 2))
		xt_set(fd_of(c), SOL_SOCKET, below(&c->r, 2) ? SO_REUSEADDR :
							       SO_REUSEPORT, 1);
	return bind(fd_of(c), below(&c->r, 16) ? &a.sa : memory(c, len), len);
}

static long call_connect(struct caller *c)
{
	union xt_addr a;
	socklen_t len = address(c, &a);

	return connect(fd_of(c), below(&c->r, 16) ? &a.sa : memory(c, len), len);
}

static long call_disconnect(struct caller *c)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	return connect(fd_of(c), &unspec, sizeof(unspec));
}

static long call_listen(struct caller *c)
{
	return listen(fd_of(c), below(&c->r, 4) ? below(&c->r, 16) : any(&c->r));
}

static long call_accept(struct caller *c)
{
	socklen_t *len = memory(c, sizeof(*len));

	if (below(&c->r, 4))
		return adopt(c, accept4(fd_of(c), NULL, NULL, SOCK_NONBLOCK));
	return adopt(c, accept4(fd_of(c), memory(c, sizeof(union xt_addr)), len,
				any(&c->r) & (SOCK_NONBLOCK | SOCK_CLOEXEC)));
}

static long call_send(struct caller *c)
{
	size_t len = length(c);
	union xt_addr a;

	if (below(&c->r, 4))
		return send(fd_of(c), memory(c, len), len,
			    flags(c) | MSG_NOSIGNAL);
	return sendto(fd_of(c), memory(c, len), len, flags(c), &a.sa,
		      address(c, &a));
}

/* A message in pieces, and with control messages, right and wrong. */
static void message(struct caller *c, struct msghdr *m, struct iovec *iov,
		    unsigned int n, void *control)
{
	struct cmsghdr *cm = control;
	unsigned int i;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < n; i++) {
		iov[i].iov_len = length(c);
		iov[i].iov_base = memory(c, iov[i].iov_len);
	}
	m->msg_iov = iov;
	m->msg_iovlen = below(&c->r, 16) ? below(&c->r, n + 1) : any(&c->r);
	if (below(&c->r, 3))
		return;
	m->msg_control = cm;
	m->msg_controllen = CMSG_SPACE(sizeof(int)) + below(&c->r, 24);
	cm->cmsg_len = below(&c->r, 4) ? CMSG_LEN(sizeof(int)) : any(&c->r);
	cm->cmsg_level = below(&c->r, 2) ? SOL_SOCKET : (int)below(&c->r, 256);
	cm->cmsg_type = below(&c->r, 64);
	*(int *)CMSG_DATA(cm) = fd_of(c);
}

static long call_sendmsg(struct caller *c)
{
	uint64_t control[64] = { 0 };
	struct iovec iov[8];
	struct msghdr m;

	message(c, &m, iov, ARRAY_SIZE(iov), control);
	return sendmsg(fd_of(c), below(&c->r, 16) ? &m : memory(c, sizeof(m)),
		       flags(c) | MSG_NOSIGNAL);
}

static long call_recvmsg(struct caller *c)
{
	uint64_t control[64] = { 0 };
	struct iovec iov[8];
	struct msghdr m;

	message(c, &m, iov, ARRAY_SIZE(iov), control);
	return recvmsg(fd_of(c), below(&c->r, 16) ? &m : memory(c, sizeof(m)),
		       flags(c));
}

static long call_sendmmsg(struct caller *c)
{
	uint64_t control[2][64] = { { 0 } };
	struct iovec iov[2][4];
	struct mmsghdr m[2];

	message(c, &m[0].msg_hdr, iov[0], 4, control[0]);
	message(c, &m[1].msg_hdr, iov[1], 4, control[1]);
	return sendmmsg(fd_of(c), m, 2, flags(c) | MSG_NOSIGNAL);
}

static long call_recvmmsg(struct caller *c)
{
	struct timespec t = { .tv_nsec = 1000 * below(&c->r, 1000) };
	uint64_t control[2][64] = { { 0 } };
	struct iovec iov[2][4];
	struct mmsghdr m[2];

	message(c, &m[0].msg_hdr, iov[0], 4, control[0]);
	message(c, &m[1].msg_hdr, iov[1], 4, control[1]);
	return recvmmsg(fd_of(c), m, 2, flags(c) | MSG_DONTWAIT, &t);
}

static long call_recv(struct caller *c)
{
	size_t len = length(c);

	return recv(fd_of(c), memory(c, len), len, flags(c));
}

static long call_write(struct caller *c)
{
	size_t len = length(c);

	return write(fd_of(c), memory(c, len), len);
}

static long call_read(struct caller *c)
{
	size_t len = length(c);

	return read(fd_of(c), memory(c, len), len);
}

static long call_sendfile(struct caller *c)
{
	off_t at = below(&c->r, FILE_LEN);

	return sendfile(fd_of(c), file_fd, &at, below(&c->r, FILE_LEN));
}

/* Through a pipe of its own, in one direction or the other. */
static long call_splice(struct caller *c)
{
	static const char some[500];
	int p[2], err;
	long ret;

	if (pipe2(p, O_NONBLOCK))
		return -1;
	if (below(&c->r, 2)) {
		ret = splice(fd_of(c), NULL, p[1], NULL, below(&c->r, PAGE),
			     below(&c->r, 16));
	} else if (write(p[1], some, sizeof(some)) > 0) {
		ret = splice(p[0], NULL, fd_of(c), NULL, sizeof(some),
			     below(&c->r, 16));
	} else {
		ret = -1;
	}
	err = errno;
	close(p[0]);
	close(p[1]);
	errno = err;
	return ret;
}

static long call_shutdown(struct caller *c)
{
	return shutdown(fd_of(c), below(&c->r, 5) - 1);
}

static long call_close(struct caller *c)
{
	struct linger linger = { .l_onoff = 1, .l_linger = below(&c->r, 2) };
	int fd = fd_of(c);

	if (!below(&c->r, 3))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	return close(fd);
}

static long call_dup(struct caller *c)
{
	return dup2(fd_of(c), fd_of(c));
}

/* Or there would be few that are connected at all. */
static long call_pair(struct caller *c)
{
	struct xt x;
	int fd[2];

	xt_door(&x, below(&c->r, 4));
	/* its listener is nobody else's, and so the calls do not block long */
	if (xt_pair(&x, fd))
		return -1;
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	adopt(c, fd[0]);
	return adopt(c, fd[1]);
}

/* Likewise a listener, and somebody who wants to go there. */
static long call_serve(struct caller *c)
{
	uint16_t port = PORT + below(&c->r, PORTS);
	union xt_addr a;
	socklen_t len;
	struct xt x;
	int fd;

	xt_door(&x, below(&c->r, 4));
	fd = xt_socket(&x, SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	xt_set(fd, SOL_SOCKET, below(&c->r, 2) ? SO_REUSEADDR : SO_REUSEPORT, 1);
	len = xt_any(&x, &a, port);
	if (bind(fd, &a.sa, len) || listen(fd, below(&c->r, 8))) {
		close(fd);
		return -1;
	}
	return adopt(c, fd);
}

static long call_dial(struct caller *c)
{
	struct xt x;
	int fd;

	xt_door(&x, below(&c->r, 4));
	fd = xt_socket(&x, SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	if (xt_connect(&x, fd, PORT + below(&c->r, PORTS)) &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return adopt(c, fd);
}

static const int levels[] = {
	SOL_SOCKET, IPPROTO_TCP, SOL_XTCP, SOL_IP, SOL_IPV6, SOL_SOCKET,
	IPPROTO_TCP, SOL_XTCP,
};

static int level(struct caller *c)
{
	return below(&c->r, 16) ? levels[below(&c->r, ARRAY_SIZE(levels))] :
				  (int)any(&c->r);
}

static int name(struct caller *c)
{
	return below(&c->r, 16) ? below(&c->r, 90) : any(&c->r);
}

static socklen_t option_length(struct caller *c)
{
	switch (below(&c->r, 6)) {
	case 0:
		return below(&c->r, 300);
	case 1:
		return any(&c->r);
	case 2:
		return sizeof(uint64_t) * below(&c->r, 3);
	default:
		return sizeof(int);
	}
}

static int option_value(struct caller *c)
{
	switch (below(&c->r, 4)) {
	case 0:
		return any(&c->r);
	case 1:
		return below(&c->r, 100000);
	default:
		return below(&c->r, 3) - 1;
	}
}

/*
 * Closed sockets that wait for hours, by their own wish, are right; but there
 * shall be an end to this test.
 */
static int bearable(int level, int name, int value)
{
	if (level == SOL_SOCKET && name == SO_LINGER)
		return value & 1;
	if (level != IPPROTO_TCP && level != SOL_XTCP)
		return value;
	if (name == XTCP_USER_TIMEOUT)
		return (unsigned int)value % 5000;
	return name == XTCP_LINGER2 ? value % 3 : value;
}

static long call_setsockopt(struct caller *c)
{
	int lv = level(c), nm = name(c);
	int value = bearable(lv, nm, option_value(c));
	socklen_t len = option_length(c);

	/* the last of the option, as memory() places it */
	memcpy(c->page + PAGE - sizeof(value), &value, sizeof(value));
	return setsockopt(fd_of(c), lv, nm, memory(c, len), len);
}

static long call_set_known(struct caller *c)
{
	static const char * const cong[] = {
		"cubic", "reno", "bbr", "dctcp", "none", "",
	};
	const char *ca = cong[below(&c->r, ARRAY_SIZE(cong))];
	int lv = level(c), nm = below(&c->r, 64);

	if (!below(&c->r, 6))
		return setsockopt(fd_of(c), IPPROTO_TCP, TCP_CONGESTION, ca,
				  strlen(ca));
	return xt_set(fd_of(c), lv, nm, bearable(lv, nm, option_value(c)));
}

static long call_getsockopt(struct caller *c)
{
	socklen_t len = option_length(c);

	return getsockopt(fd_of(c), level(c), name(c), memory(c, len),
			  below(&c->r, 16) ? &len : memory(c, sizeof(len)));
}

static long call_ioctl(struct caller *c)
{
	static const unsigned long known[] = {
		FIONREAD, SIOCOUTQ, SIOCATMARK, SIOCOUTQNSD, FIONBIO, FIOASYNC,
		SIOCGSTAMP_OLD, SIOCGSTAMPNS_OLD, SIOCGPGRP, FIOGETOWN,
		SIOCGIFFLAGS,
	};
	unsigned long request = known[below(&c->r, ARRAY_SIZE(known))];

	/* of XTCP's own there are none: 0x89e0 to 0x89ef are a protocol's */
	if (!below(&c->r, 6))
		request = 0x89e0 + below(&c->r, 16);
	return ioctl(fd_of(c), request, memory(c, sizeof(long)));
}

static long call_fcntl(struct caller *c)
{
	switch (below(&c->r, 6)) {
	case 0:
		return fcntl(fd_of(c), F_GETFL);
	case 1:
		return fcntl(fd_of(c), F_SETOWN, getpid());
	case 2:
		return fcntl(fd_of(c), F_SETSIG, below(&c->r, 2) ? SIGIO :
								   SIGURG);
	case 3:
		return fcntl(fd_of(c), F_SETFL, O_NONBLOCK | O_ASYNC);
	case 4:
		return fcntl(fd_of(c), F_SETPIPE_SZ, below(&c->r, PAGE));
	default:
		return fcntl(fd_of(c), F_SETFL, any(&c->r) & O_NONBLOCK);
	}
}

static long call_names(struct caller *c)
{
	socklen_t len = below(&c->r, sizeof(union xt_addr) + 20);
	void *a = memory(c, len);

	if (below(&c->r, 2))
		return getsockname(fd_of(c), a, &len);
	return getpeername(fd_of(c), a, &len);
}

static long call_poll(struct caller *c)
{
	struct pollfd p[8];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i].fd = fd_of(c);
		p[i].events = any(&c->r);
	}
	return poll(p, ARRAY_SIZE(p), below(&c->r, 3));
}

static long call_epoll(struct caller *c)
{
	static const int ops[] = {
		EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL,
	};
	struct epoll_event ev = { .events = any(&c->r) & ~EPOLLWAKEUP }, got[8];

	if (below(&c->r, 3))
		return epoll_ctl(c->epoll, ops[below(&c->r, ARRAY_SIZE(ops))],
				 fd_of(c), &ev);
	return epoll_wait(c->epoll, got, ARRAY_SIZE(got), below(&c->r, 3));
}

/* A descriptor in flight between processes, or one that comes back. */
static long call_pass(struct caller *c)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} u = { .h = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u,
		.msg_controllen = sizeof(u),
	};
	int fd;

	if (below(&c->r, 2)) {
		fd = fd_of(c);
		memcpy(CMSG_DATA(&u.h), &fd, sizeof(fd));
		return sendmsg(unix_pair[0], &m, MSG_DONTWAIT);
	}
	if (recvmsg(unix_pair[1], &m, MSG_DONTWAIT) < 0)
		return -1;
	if (m.msg_controllen < sizeof(u.h) || u.h.cmsg_type != SCM_RIGHTS)
		return 0;
	memcpy(&fd, CMSG_DATA(&u.h), sizeof(fd));
	return adopt(c, fd);
}

#define CALL_NAME(name) #name,
const char * const names_of_calls[CALL_MAX] = { CALLS(CALL_NAME) };

#define CALL_FN(name) call_##name,
long (* const calls[CALL_MAX])(struct caller *c) = { CALLS(CALL_FN) };

void caller_init(struct caller *c, uint64_t seed)
{
	c->r.state = seed;
	c->page = mmap(NULL, PAGE + 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->page == MAP_FAILED)
		abort();
	mprotect(c->page + PAGE, 4096, PROT_NONE);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
}

int shared_begin(void)
{
	file_fd = memfd_create("file", MFD_CLOEXEC);
	if (file_fd < 0 || ftruncate(file_fd, FILE_LEN))
		return -1;
	return socketpair(AF_UNIX, SOCK_DGRAM, 0, unix_pair);
}

void shared_end(void)
{
	/* SO_LINGER may let close() block, and signals end that */
	struct itimerval t = { { 0, 200000 }, { 0, 200000 } };
	int fd;

	setitimer(ITIMER_REAL, &t, NULL);
	for (fd = FIRST; fd < FIRST + FDS; fd++)
		close(fd);
	/* and what is still on its way in a message */
	close(unix_pair[0]);
	close(unix_pair[1]);
	close(file_fd);
	memset(&t, 0, sizeof(t));
	setitimer(ITIMER_REAL, &t, NULL);
}
