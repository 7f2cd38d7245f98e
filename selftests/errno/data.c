// SPDX-License-Identifier: GPL-2.0
/* Wrong and odd calls of send(), recv() and shutdown(). */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "situation.h"

/* Sending */

SITUATION(send__unconnected)
{
	int fd = sock(r);

	R(send(fd, "x", 1, 0));
	R(send(fd, "x", 1, MSG_NOSIGNAL));
	R(send(fd, "", 0, 0));
	R(write(fd, "x", 1));
}

SITUATION(send__bound_or_listening)
{
	uint16_t port;

	R(send(bound(r, 0), "x", 1, 0));
	R(send(listening(r, &port), "x", 1, 0));
}

SITUATION(send__unconnected_with_address)
{
	union xt_addr a;
	uint16_t port;
	socklen_t len;

	listening(r, &port);
	len = xt_addr(&r->x, &a, port);
	R(sendto(sock(r), "x", 1, 0, &a.sa, len));
}

SITUATION(send__connected_with_address)
{
	union xt_addr a;
	socklen_t len;
	int fd[2];

	pair(r, fd);
	len = xt_addr(&r->x, &a, 7000);
	R(sendto(fd[0], "x", 1, 0, &a.sa, len));
	R(sendto(fd[0], "x", 1, 0, &a.sa, 1));
	R(sendto(fd[0], "x", 1, 0, BAD, len));
}

SITUATION(send__connecting)
{
	int fd = connecting(r);

	R(send(fd, "x", 1, 0));
	R(recv(fd, (char[1]){}, 1, 0));
}

SITUATION(send__after_shutdown)
{
	int fd[2];

	pair(r, fd);
	R(shutdown(fd[0], SHUT_WR));
	R(send(fd[0], "x", 1, 0));
	R(send(fd[0], "", 0, 0));
	R(write(fd[0], "x", 1));
	R(xt_so_error(fd[0]));
}

SITUATION(send__after_reset)
{
	int fd = reset(r);

	R(send(fd, "x", 1, 0));
	R(send(fd, "x", 1, 0));
	R(recv(fd, (char[1]){}, 1, 0));
	R(xt_so_error(fd));
}

SITUATION(send__pointer)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], BAD, 1, 0));
	R(send(fd[0], NULL, 1, 0));
	R(send(fd[0], BAD, 100000, 0));
	R(send(fd[0], NULL, 0, 0));
	R(send(fd[0], "still works", 11, 0));
	R(recv(fd[1], (char[11]){}, 11, MSG_WAITALL));
}

SITUATION(send__partly_bad_buffer)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd[2];

	munmap(page + 4096, 4096);
	pair(r, fd);
	/* How much of it is taken is TCP's own affair; that some is, is not. */
	R(send(fd[0], page + 4000, 1000, 0) > 0);
}

SITUATION(send__flags)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "x", 1, MSG_MORE));
	R(send(fd[0], "x", 1, MSG_CONFIRM));
	R(send(fd[0], "x", 1, MSG_DONTROUTE));
	R(send(fd[0], "x", 1, MSG_EOR));
	R(send(fd[0], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL));
	R(recv(fd[1], (char[5]){}, 5, MSG_WAITALL));
}

SITUATION(sendmsg__vectors)
{
	struct iovec iov[3] = { { "a", 1 }, { NULL, 0 }, { "b", 1 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 3 };
	int fd[2];

	pair(r, fd);
	R(sendmsg(fd[0], &m, 0));
	m.msg_iovlen = 0;
	R(sendmsg(fd[0], &m, 0));
	m.msg_iovlen = UIO_MAXIOV + 1;
	R(sendmsg(fd[0], &m, 0));
	m.msg_iovlen = 1;
	m.msg_iov = BAD;
	R(sendmsg(fd[0], &m, 0));
	R(sendmsg(fd[0], BAD, 0));
	iov[0].iov_len = -1;
	m.msg_iov = iov;
	R(sendmsg(fd[0], &m, 0));
}

SITUATION(sendmsg__control)
{
	union {
		struct cmsghdr head;
		char room[64];
	} c = { };
	struct iovec iov = { "a", 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &c, .msg_controllen = 24 };
	int fd[2];

	pair(r, fd);
	c.head.cmsg_len = 20;
	c.head.cmsg_level = SOL_SOCKET;
	c.head.cmsg_type = 9999;
	R(sendmsg(fd[0], &m, 0));
	c.head.cmsg_type = SCM_RIGHTS;
	R(sendmsg(fd[0], &m, 0));
	c.head.cmsg_len = 1;
	R(sendmsg(fd[0], &m, 0));
	c.head.cmsg_len = 20;
	c.head.cmsg_level = 9999;
	R(sendmsg(fd[0], &m, 0));
	m.msg_control = BAD;
	R(sendmsg(fd[0], &m, 0));
}

/* Receiving */

SITUATION(recv__unconnected)
{
	uint16_t port;
	char c;

	R(recv(sock(r), &c, 1, 0));
	R(recv(sock(r), &c, 0, 0));
	R(recv(bound(r, 0), &c, 1, 0));
	R(recv(listening(r, &port), &c, 1, 0));
	R(read(sock(r), &c, 1));
}

SITUATION(recv__pointer)
{
	int fd[2];
	char c;

	pair(r, fd);
	R(send(fd[0], "abc", 3, 0));
	xt_poll(fd[1], POLLIN, XT_SOON_MS);
	R(recv(fd[1], BAD, 1, 0));
	R(recv(fd[1], NULL, 1, 0));
	/* Nothing is lost by it. */
	R(recv(fd[1], &c, 1, 0));
	R(c);
}

SITUATION(recv__empty)
{
	int fd[2];
	char c;

	pair(r, fd);
	R(recv(fd[0], &c, 1, MSG_DONTWAIT));
	R(recv(fd[0], &c, 1, MSG_DONTWAIT | MSG_PEEK));
	R(recv(fd[0], &c, 1, MSG_DONTWAIT | MSG_TRUNC));
	R(recv(fd[0], &c, 1, MSG_DONTWAIT | MSG_WAITALL));
	R(recv(fd[0], BAD, 1, MSG_DONTWAIT));
	R(recv(fd[0], &c, 1, MSG_ERRQUEUE));
	R(recv(fd[0], &c, 1, MSG_ERRQUEUE | MSG_DONTWAIT));
}

SITUATION(recv__oob_empty)
{
	int fd[2];
	char c;

	pair(r, fd);
	R(recv(fd[0], &c, 1, MSG_OOB));
	R(xt_set(fd[0], SOL_SOCKET, SO_OOBINLINE, 1));
	R(recv(fd[0], &c, 1, MSG_OOB));
	R(recv(sock(r), &c, 1, MSG_OOB));
}

SITUATION(recv__after_shutdown)
{
	int fd[2];
	char c;

	pair(r, fd);
	R(shutdown(fd[0], SHUT_RD));
	R(recv(fd[0], &c, 1, 0));
	R(recv(fd[0], &c, 1, MSG_DONTWAIT));
	R(recv(fd[0], &c, 1, MSG_PEEK));
}

SITUATION(recv__after_reset)
{
	int fd = reset(r);
	char c;

	R(recv(fd, &c, 1, 0));
	R(recv(fd, &c, 1, 0));
	R(recv(fd, &c, 1, MSG_PEEK));
	R(send(fd, "x", 1, 0));
}

/* Data that came before the FIN, and what the end looks like. */
SITUATION(recv__at_the_end)
{
	int fd[2];
	char buf[8];

	pair(r, fd);
	R(send(fd[0], "abc", 3, 0));
	close(fd[0]);
	xt_wait_state(fd[1], XTCP_CLOSE_WAIT);
	R(recv(fd[1], buf, 8, MSG_PEEK));
	R(recv(fd[1], buf, 8, MSG_WAITALL));
	R(recv(fd[1], buf, 8, 0));
	R(recv(fd[1], buf, 8, MSG_DONTWAIT));
	R(recv(fd[1], buf, 8, MSG_PEEK | MSG_DONTWAIT));
}

SITUATION(recvfrom__address)
{
	union xt_addr a = { };
	socklen_t len = sizeof(a);
	int fd[2];
	char c;

	pair(r, fd);
	R(send(fd[0], "ab", 2, 0));
	R(recvfrom(fd[1], &c, 1, 0, &a.sa, &len));
	R(len);
	R(recvfrom(fd[1], &c, 1, 0, &a.sa, BAD));
}

SITUATION(recvmsg__pointers)
{
	struct iovec iov = { BAD, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "ab", 2, 0));
	xt_poll(fd[1], POLLIN, XT_SOON_MS);
	R(recvmsg(fd[1], BAD, 0));
	R(recvmsg(fd[1], &m, 0));
	m.msg_iov = BAD;
	R(recvmsg(fd[1], &m, 0));
	m.msg_iovlen = UIO_MAXIOV + 1;
	R(recvmsg(fd[1], &m, 0));
}

/* shutdown() */

SITUATION(shutdown__unconnected)
{
	int how;

	for (how = -1; how < 4; how++) {
		R(shutdown(sock(r), how));
		R(shutdown(bound(r, 0), how));
	}
}

SITUATION(shutdown__how)
{
	int fd[2];

	pair(r, fd);
	R(shutdown(fd[0], -1));
	R(shutdown(fd[0], 3));
	R(shutdown(fd[0], 100));
}

SITUATION(shutdown__twice)
{
	int fd[2];

	pair(r, fd);
	R(shutdown(fd[0], SHUT_WR));
	R(shutdown(fd[0], SHUT_WR));
	R(shutdown(fd[0], SHUT_RD));
	R(shutdown(fd[0], SHUT_RDWR));
}

SITUATION(shutdown__after_the_end)
{
	int fd[2];

	pair(r, fd);
	R(shutdown(fd[0], SHUT_WR));
	R(shutdown(fd[1], SHUT_WR));
	R(xt_wait_state(fd[0], XTCP_CLOSE));
	R(shutdown(fd[0], SHUT_RDWR));
	R(shutdown(reset(r), SHUT_WR));
}

SITUATION(shutdown__listening)
{
	uint16_t port;

	R(shutdown(listening(r, &port), SHUT_RD));
	R(shutdown(listening(r, &port), SHUT_WR));
	R(shutdown(listening(r, &port), SHUT_RDWR));
}

SITUATION(shutdown__connecting)
{
	int fd = connecting(r);

	R(shutdown(fd, SHUT_WR));
	R(xt_so_error(fd));
	R(xt_connect(&r->x, fd, 7000));
}
