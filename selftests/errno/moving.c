// SPDX-License-Identifier: GPL-2.0
/* Ways to move data other than send() and recv(), and what comes with it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "situation.h"

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif

/*
 * TCP has it only on newer kernels, or a protocol of its own cannot have it on
 * older ones (Documentation/sockets.rst): then there is nothing to compare.
 */
static bool both_take(struct run *r, int level, int name, int value)
{
	int xtcp = sock(r), tcp = socket(r->x.family, SOCK_STREAM, 0);
	bool ok = !xt_set(tcp, level, name, value) &&
		  !xt_set(xtcp, level, name, value);
	struct xt other;

	/* The other of the two runs looks at the same pair of sockets. */
	if (ok && r->x.protocol != IPPROTO_XTCP && r->x.domain != AF_XTCP) {
		xt_door(&other, r->x.family == AF_INET ? XT_INET : XT_INET6);
		close(xtcp);
		xtcp = xt_socket(&other, 0);
		ok = xt_over_tcp() || !xt_set(xtcp, level, name, value);
	}
	close(tcp);
	close(xtcp);
	return ok;
}

/* recv(), and what it gave. */
static void take(struct run *r, int fd, size_t size, int flags)
{
	char buf[16] = { };
	ssize_t n = R(recv(fd, buf, size, flags | MSG_DONTWAIT));

	for (ssize_t i = 0; i < n; i++)
		R(buf[i]);
}

SITUATION(peek_off)
{
	int fd[2];

	if (!both_take(r, SOL_SOCKET, SO_PEEK_OFF, 0))
		return;
	pair(r, fd);
	R(xt_get(fd[1], SOL_SOCKET, SO_PEEK_OFF));
	R(send(fd[0], "abcdef", 6, 0));
	R(arrived(fd[1], 6));
	R(xt_set(fd[1], SOL_SOCKET, SO_PEEK_OFF, 2));
	take(r, fd[1], 2, MSG_PEEK);
	R(xt_get(fd[1], SOL_SOCKET, SO_PEEK_OFF));
	take(r, fd[1], 1, 0);
	R(xt_get(fd[1], SOL_SOCKET, SO_PEEK_OFF));
	take(r, fd[1], 8, MSG_PEEK);
	take(r, fd[1], 8, MSG_PEEK);
	R(xt_get(fd[1], SOL_SOCKET, SO_PEEK_OFF));
	take(r, fd[1], 8, 0);
	R(xt_get(fd[1], SOL_SOCKET, SO_PEEK_OFF));
	R(xt_set(fd[1], SOL_SOCKET, SO_PEEK_OFF, -1));
	R(send(fd[0], "gh", 2, 0));
	R(arrived(fd[1], 8));
	take(r, fd[1], 8, MSG_PEEK);
	take(r, fd[1], 8, MSG_PEEK);
	R(xt_set(fd[1], SOL_SOCKET, SO_PEEK_OFF, -2));
}

SITUATION(recv__discard)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "abcdefgh", 8, 0));
	R(arrived(fd[1], 8));
	R(recv(fd[1], BAD, 3, MSG_TRUNC | MSG_PEEK));
	R(recv(fd[1], BAD, 3, MSG_TRUNC));
	take(r, fd[1], 1, 0);
	R(recv(fd[1], NULL, 100, MSG_TRUNC));
	R(recv(fd[1], NULL, 100, MSG_TRUNC | MSG_DONTWAIT));
}

/* Every control message of a recvmsg(): level, type, size, perhaps the value. */
static ssize_t control(struct run *r, int fd, int flags, bool value)
{
	char buf[16], room[512];
	struct iovec iov = { buf, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	ssize_t n = R(recvmsg(fd, &m, flags));
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		R(c->cmsg_level);
		R(c->cmsg_type);
		R(c->cmsg_len);
		if (value)
			R(*(int *)CMSG_DATA(c));
	}
	R(m.msg_flags);
	return n;
}

SITUATION(inq)
{
	static const int values[] = { -1, 2, 0, 1 };
	int fd[2];

	pair(r, fd);
	for (size_t i = 0; i < COUNT(values); i++) {
		R(xt_set(fd[1], IPPROTO_TCP, TCP_INQ, values[i]));
		R(xt_get(fd[1], IPPROTO_TCP, TCP_INQ));
	}
	R(send(fd[0], "abc", 3, 0));
	R(arrived(fd[1], 3));
	control(r, fd[1], 0, true);
	control(r, fd[1], MSG_PEEK, true);
	control(r, fd[1], 0, true);
	close(fd[0]);
	xt_wait_state(fd[1], XTCP_CLOSE_WAIT);
	control(r, fd[1], 0, true);
	control(r, fd[1], 0, true);
	R(xt_set(fd[1], IPPROTO_TCP, TCP_INQ, 0));
	control(r, fd[1], 0, true);
}

/*
 * The kernel begins to take times some while after somebody asked for them: the
 * first byte that comes with one counts.
 */
static void stamped(struct run *r, int level, int name, int value)
{
	long long end = xt_now_ms() + XT_SOON_MS;
	int fd[2], got = 0;

	pair(r, fd);
	R(xt_set(fd[1], level, name, value));
	while (!got && xt_now_ms() < end) {
		char buf, room[512];
		struct iovec iov = { &buf, 1 };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
				    .msg_control = room,
				    .msg_controllen = sizeof(room) };

		if (send(fd[0], "x", 1, 0) != 1 ||
		    recvmsg(fd[1], &m, MSG_PEEK) != 1)
			break;
		got = m.msg_controllen;
		if (!got) {
			recv(fd[1], &buf, 1, 0);
			xt_sleep_ms(1);
		}
	}
	control(r, fd[1], 0, false);
	close(fd[0]);
	close(fd[1]);
}

SITUATION(timestamp__received)
{
	stamped(r, SOL_SOCKET, SO_TIMESTAMP, 1);
	stamped(r, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	stamped(r, SOL_SOCKET, SO_TIMESTAMP_NEW, 1);
	stamped(r, SOL_SOCKET, SO_TIMESTAMPNS_NEW, 1);
	stamped(r, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE |
						SOF_TIMESTAMPING_RX_SOFTWARE);
	stamped(r, SOL_SOCKET, SO_TIMESTAMPING_NEW,
		SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE);
}

/* One notice of the error queue; NULL after a while. */
static struct sock_extended_err *notice(int fd, char *room, size_t size)
{
	struct msghdr m = { .msg_control = room, .msg_controllen = size };
	struct cmsghdr *c;

	while (recvmsg(fd, &m, MSG_ERRQUEUE) < 0) {
		if (errno != EAGAIN ||
		    !(xt_poll(fd, 0, XT_SOON_MS) & POLLERR))
			return NULL;
		m.msg_controllen = size;
	}
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR))
			return (void *)CMSG_DATA(c);
	return NULL;
}

/* A probe of a lost tail would be stamped again: what counts is the first. */
static void sent_times(struct run *r, int fd, unsigned int last_byte)
{
	unsigned int want = 1u << SCM_TSTAMP_SCHED | 1u << SCM_TSTAMP_SND |
			    1u << SCM_TSTAMP_ACK;
	unsigned int seen = 0;
	char room[1024];

	while (seen != want) {
		struct sock_extended_err *ee = notice(fd, room, sizeof(room));

		if (!ee || ee->ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
			break;
		if (ee->ee_data == last_byte)
			seen |= 1u << ee->ee_info;
		else if (ee->ee_data > last_byte)
			break;
	}
	R(seen);
}

SITUATION(timestamp__sent)
{
	int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
		    SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK |
		    SOF_TIMESTAMPING_OPT_ID;
	char buf[64];
	int fd[2];

	pair(r, fd);
	R(write(fd[0], "before", 6));
	R(recv(fd[1], buf, 6, MSG_WAITALL));
	R(xt_set(fd[0], SOL_SOCKET, SO_TIMESTAMPING, flags));
	R(write(fd[0], "hello", 5));
	R(recv(fd[1], buf, 5, MSG_WAITALL));
	sent_times(r, fd[0], 4);
	R(xt_set(fd[0], SOL_SOCKET, SO_TIMESTAMPING,
		 flags | SOF_TIMESTAMPING_OPT_TSONLY));
	R(write(fd[0], "you", 3));
	R(recv(fd[1], buf, 3, MSG_WAITALL));
	sent_times(r, fd[0], 7);
	R(xt_set(fd[0], SOL_SOCKET, SO_TIMESTAMPING, 0));
	R(write(fd[0], "x", 1));
	R(recv(fd[1], buf, 1, MSG_WAITALL));
}

SITUATION(timestamping__wrong)
{
	int fd[2];

	pair(r, fd);
	R(xt_set(fd[0], SOL_SOCKET, SO_TIMESTAMPING, 1 << 30));
	R(xt_get(fd[0], SOL_SOCKET, SO_TIMESTAMPING));
	R(setsockopt(fd[0], SOL_SOCKET, SO_TIMESTAMPING, BAD, 4));
	R(setsockopt(fd[0], SOL_SOCKET, SO_TIMESTAMPING, &fd, 1));
}

SITUATION(zerocopy)
{
	const size_t len = 20000;
	char room[1024], *buf = calloc(1, len);
	struct sock_extended_err *ee;
	int fd[2];

	pair(r, fd);
	R(send(fd[0], buf, 10, MSG_ZEROCOPY));	/* not asked for: no notice */
	R(recv(fd[1], buf, 10, MSG_WAITALL));
	R(recv(fd[0], room, 1, MSG_ERRQUEUE));
	if (!both_take(r, SOL_SOCKET, SO_ZEROCOPY, 1))
		return;
	R(xt_set(fd[0], SOL_SOCKET, SO_ZEROCOPY, 2));
	R(xt_set(fd[0], SOL_SOCKET, SO_ZEROCOPY, 1));
	R(xt_get(fd[0], SOL_SOCKET, SO_ZEROCOPY));
	for (int i = 0; i < 3; i++) {
		memset(buf, i + 1, len);
		R(send(fd[0], buf, len, MSG_ZEROCOPY));
		R(xt_read_all(fd[1], buf, len));
		R(buf[0]);
		R(buf[len - 1]);
		ee = notice(fd[0], room, sizeof(room));
		R(!!ee);
		if (!ee)
			break;
		R(ee->ee_errno);
		R(ee->ee_origin);
		R(ee->ee_info);
		R(ee->ee_data);
		R(ee->ee_code);
	}
	R(send(fd[0], buf, 0, MSG_ZEROCOPY));
	R(send(fd[0], BAD, 10, MSG_ZEROCOPY));
	R(recv(fd[0], room, 1, MSG_ERRQUEUE));
	free(buf);
}

/* Copied and pinned pieces take turns, and are not read at once. */
SITUATION(zerocopy__mixed)
{
	char buf[4096];
	int fd[2], sum = 0;

	pair(r, fd);
	if (!both_take(r, SOL_SOCKET, SO_ZEROCOPY, 1))
		return;
	R(xt_set(fd[0], SOL_SOCKET, SO_ZEROCOPY, 1));
	R(xt_set(fd[0], IPPROTO_TCP, TCP_CORK, 1));
	memset(buf, 1, sizeof(buf));
	for (int i = 0; i < 20; i++)
		R(send(fd[0], buf, 100 * i + 1, i % 2 ? MSG_ZEROCOPY : 0));
	R(xt_set(fd[0], IPPROTO_TCP, TCP_CORK, 0));
	for (int got = 0; got < 19020; ) {
		ssize_t n = recv(fd[1], buf, sizeof(buf), 0);

		if (n <= 0)
			break;
		for (ssize_t k = 0; k < n; k++)
			sum += buf[k];
		got += n;
	}
	R(sum);
}

static unsigned int hash(unsigned int h, const char *buf, size_t len)
{
	while (len--)
		h = h * 31 + (unsigned char)*buf++;
	return h;
}

/* What comes out of @fd: its length and a hash. */
static void drain(struct run *r, int fd, size_t len)
{
	unsigned int h = 0;
	size_t got = 0;
	char buf[4096];

	while (got < len) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0)
			break;
		h = hash(h, buf, n);
		got += n;
	}
	R(got);
	R(h);
}

static int file_of(size_t len)
{
	int file = memfd_create("file", 0);
	char buf[4096];

	for (size_t at = 0; at < len; at += sizeof(buf)) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (at + i) * 7 / 13;
		if (write(file, buf, sizeof(buf)) != sizeof(buf))
			abort();
	}
	return file;
}

SITUATION(sendfile__data)
{
	const size_t len = 64 * 1024;
	int fd[2], file = file_of(len);
	off_t at = 100;

	pair(r, fd);
	xt_set(fd[0], SOL_SOCKET, SO_SNDBUF, 400000);
	R(sendfile(fd[0], file, &at, 1000));
	R(at);
	R(sendfile(fd[0], file, &at, 31111));
	R(send(fd[0], "between", 7, MSG_MORE));
	R(sendfile(fd[0], file, &at, len));
	R(at);
	drain(r, fd[1], len - 100 + 7);
	/* An end that comes early holds nothing back. */
	at = len - 10;
	R(sendfile(fd[0], file, &at, 10000));
	drain(r, fd[1], 10);
	close(file);
}

SITUATION(splice__data)
{
	int fd[2], back[2], p[2], q[2], n = 0;
	char page[64] = "vmsplice";
	struct iovec iov = { page, 8 };

	if (pipe(p) || pipe(q))
		abort();
	pair(r, fd);
	pair(r, back);
	R(write(fd[0], "0123456789", 10));
	R(arrived(fd[1], 10));
	R(splice(fd[1], NULL, p[1], NULL, 4, SPLICE_F_MOVE));
	R(splice(fd[1], NULL, p[1], NULL, 100, SPLICE_F_NONBLOCK));
	R(ioctl(fd[1], FIONREAD, &n));
	R(n);
	R(tee(p[0], q[1], 100, 0));
	R(splice(p[0], NULL, back[0], NULL, 100, SPLICE_F_MORE));
	R(splice(q[0], NULL, back[0], NULL, 100, 0));
	R(vmsplice(q[1], &iov, 1, 0));
	R(splice(q[0], NULL, back[0], NULL, 100, 0));
	drain(r, back[1], 28);
	xt_nonblock(fd[1], true);
	R(splice(fd[1], NULL, p[1], NULL, 100, 0));
	close(fd[0]);
	xt_wait_state(fd[1], XTCP_CLOSE_WAIT);
	R(splice(fd[1], NULL, p[1], NULL, 100, 0));
	R(splice(fd[1], NULL, p[1], NULL, 100, 0));
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
}

SITUATION(mmsg)
{
	char a[8] = "one", b[8] = "two", in[2][8];
	struct iovec out[2] = { { a, 3 }, { b, 3 } };
	struct iovec iov[2] = { { in[0], 2 }, { in[1], 8 } };
	struct mmsghdr m[2] = { }, n[2] = { };
	int fd[2];

	for (int i = 0; i < 2; i++) {
		m[i].msg_hdr.msg_iov = &out[i];
		m[i].msg_hdr.msg_iovlen = 1;
		n[i].msg_hdr.msg_iov = &iov[i];
		n[i].msg_hdr.msg_iovlen = 1;
	}
	pair(r, fd);
	R(sendmmsg(fd[0], m, 2, 0));
	R(m[0].msg_len);
	R(m[1].msg_len);
	R(arrived(fd[1], 6));
	R(recvmmsg(fd[1], n, 2, MSG_WAITFORONE, NULL));
	R(n[0].msg_len);
	R(n[1].msg_len);
	R(recvmmsg(fd[1], n, 2, MSG_DONTWAIT, NULL));
}

SITUATION(eor)
{
	char buf[8];
	int fd[2];

	pair(r, fd);
	R(xt_set(fd[0], IPPROTO_TCP, TCP_CORK, 1));
	R(send(fd[0], "ab", 2, MSG_EOR));
	R(send(fd[0], "cd", 2, MSG_EOR | MSG_MORE));
	R(send(fd[0], "ef", 2, 0));
	R(xt_set(fd[0], IPPROTO_TCP, TCP_CORK, 0));
	R(recv(fd[1], buf, 6, MSG_WAITALL));
	R(hash(0, buf, 6));
}

/* O_ASYNC: SIGIO when something can be read. */
SITUATION(async)
{
	sigset_t set;
	int fd[2], on = 1;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pair(r, fd);
	R(fcntl(fd[1], F_SETOWN, getpid()));
	R(ioctl(fd[1], FIOASYNC, &on));
	R(fcntl(fd[1], F_GETFL) & O_ASYNC);
	sigpending(&set);
	R(sigismember(&set, SIGIO));
	R(write(fd[0], "x", 1));
	R(xt_poll(fd[1], POLLIN, XT_SOON_MS));
	sigpending(&set);
	R(sigismember(&set, SIGIO));
	/* For TCP and XTCP are asked in one process. */
	R(sigtimedwait(&set, NULL, &(struct timespec){ 0 }) == SIGIO);
}

/* A connection goes to another process, through a local socket. */
SITUATION(rights)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { };
	char byte = 'f';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &c, .msg_controllen = sizeof(c) };
	int fd[2], way[2], got;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, way))
		abort();
	pair(r, fd);
	c.head.cmsg_len = CMSG_LEN(sizeof(int));
	c.head.cmsg_level = SOL_SOCKET;
	c.head.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&c.head), &fd[0], sizeof(int));
	R(sendmsg(way[0], &m, 0));
	close(fd[0]);
	R(recvmsg(way[1], &m, MSG_CMSG_CLOEXEC));
	memcpy(&got, CMSG_DATA(&c.head), sizeof(int));
	R(fcntl(got, F_GETFD));
	R(write(got, "through", 7));
	R(recv(fd[1], (char[7]){}, 7, MSG_WAITALL));
	close(got);
	R(recv(fd[1], (char[1]){}, 1, 0));
	close(way[0]);
	close(way[1]);
}
