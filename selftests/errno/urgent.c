// SPDX-License-Identifier: GPL-2.0
/* MSG_OOB: one urgent byte, its place in the stream, and who is told. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

#include "situation.h"

/* Where the reader stands: at the mark?  how much waits?  what does poll say? */
static void look(struct run *r, int fd)
{
	int n = -1;

	R(ioctl(fd, SIOCATMARK, &n));
	R(n);
	R(ioctl(fd, FIONREAD, &n));
	R(n);
	R(xt_poll(fd, POLLIN | POLLPRI, 0));
}

/* recv(), and what it gave. */
static void take(struct run *r, int fd, size_t size, int flags)
{
	char buf[16] = { };
	ssize_t n = R(recv(fd, buf, size, flags | MSG_DONTWAIT));

	for (ssize_t i = 0; i < n; i++)
		R(buf[i]);
}

/* "abX" with X urgent, then "cd"; all of it has come. */
static void send_both(struct run *r, int fd[2])
{
	R(send(fd[0], "abX", 3, MSG_OOB));
	R(xt_poll(fd[1], POLLPRI, XT_SOON_MS) & POLLPRI);
	R(send(fd[0], "cd", 2, 0));
	R(arrived(fd[1], 5));
}

SITUATION(urgent__taken)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "abX", 3, MSG_OOB));
	R(xt_poll(fd[1], POLLPRI, XT_SOON_MS) & POLLPRI);
	look(r, fd[1]);
	take(r, fd[1], 1, MSG_OOB | MSG_PEEK);
	take(r, fd[1], 1, MSG_OOB);
	take(r, fd[1], 1, MSG_OOB);
	look(r, fd[1]);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
	R(send(fd[0], "cd", 2, 0));
	R(arrived(fd[1], 5));
	look(r, fd[1]);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
}

SITUATION(urgent__passed)
{
	int fd[2];

	pair(r, fd);
	send_both(r, fd);
	look(r, fd[1]);
	take(r, fd[1], 8, MSG_PEEK);
	take(r, fd[1], 1, 0);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
	take(r, fd[1], 8, MSG_PEEK);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
	take(r, fd[1], 1, MSG_OOB);
}

SITUATION(urgent__in_line)
{
	int fd[2];

	pair(r, fd);
	R(xt_set(fd[1], SOL_SOCKET, SO_OOBINLINE, 1));
	send_both(r, fd);
	look(r, fd[1]);
	take(r, fd[1], 1, MSG_OOB);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
}

/* Asked for only when the byte is there already. */
SITUATION(urgent__in_line_later)
{
	int fd[2];

	pair(r, fd);
	send_both(r, fd);
	R(xt_set(fd[1], SOL_SOCKET, SO_OOBINLINE, 1));
	take(r, fd[1], 1, MSG_OOB);
	take(r, fd[1], 8, 0);
	R(xt_set(fd[1], SOL_SOCKET, SO_OOBINLINE, 0));
	take(r, fd[1], 1, MSG_OOB);
	take(r, fd[1], 8, 0);
}

/* The newer one counts; the older one stays in the stream, or is gone. */
SITUATION(urgent__two)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "aX", 2, MSG_OOB));
	R(arrived(fd[1], 2));
	R(send(fd[0], "bY", 2, MSG_OOB));
	R(arrived(fd[1], 4));
	take(r, fd[1], 1, MSG_OOB);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
	/* Read up to the mark when the next one comes. */
	R(send(fd[0], "Z", 1, MSG_OOB));
	R(arrived(fd[1], 5));
	look(r, fd[1]);
	take(r, fd[1], 8, 0);
	take(r, fd[1], 1, MSG_OOB);
	R(send(fd[0], "end", 3, 0));
	R(arrived(fd[1], 8));
	take(r, fd[1], 8, 0);
}

SITUATION(urgent__sizes)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "", 0, MSG_OOB));
	R(send(fd[0], "X", 1, MSG_OOB));
	R(xt_poll(fd[1], POLLPRI, XT_SOON_MS) & POLLPRI);
	R(recv(fd[1], NULL, 0, MSG_OOB));
	R(recv(fd[1], NULL, 0, MSG_OOB));
	R(send(fd[0], "Y", 1, MSG_OOB));
	R(xt_poll(fd[1], POLLPRI, XT_SOON_MS) & POLLPRI);
	R(recv(fd[1], BAD, 1, MSG_OOB | MSG_TRUNC));
	R(send(fd[0], "Z", 1, MSG_OOB));
	R(xt_poll(fd[1], POLLPRI, XT_SOON_MS) & POLLPRI);
	R(recv(fd[1], BAD, 1, MSG_OOB));
	R(recv(fd[1], BAD, 1, MSG_OOB));
}

SITUATION(urgent__message_flags)
{
	char buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "X", 1, MSG_OOB));
	R(xt_poll(fd[1], POLLPRI, XT_SOON_MS) & POLLPRI);
	R(recvmsg(fd[1], &m, MSG_OOB));
	R(m.msg_flags);
}

SITUATION(urgent__the_end)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "abX", 3, MSG_OOB));
	close(fd[0]);
	xt_wait_state(fd[1], XTCP_CLOSE_WAIT);
	look(r, fd[1]);
	take(r, fd[1], 8, 0);
	look(r, fd[1]);
	take(r, fd[1], 8, 0);
	take(r, fd[1], 1, MSG_OOB);
	take(r, fd[1], 1, MSG_OOB);
}

SITUATION(urgent__no_connection)
{
	uint16_t port;

	R(send(sock(r), "X", 1, MSG_OOB));
	R(send(listening(r, &port), "X", 1, MSG_OOB));
	R(recv(listening(r, &port), (char[1]){}, 1, MSG_OOB));
	R(send(reset(r), "X", 1, MSG_OOB));
}

SITUATION(urgent__signal)
{
	sigset_t set;
	int fd[2];

	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pair(r, fd);
	R(fcntl(fd[1], F_SETOWN, getpid()));
	R(fcntl(fd[1], F_GETOWN) == getpid());
	R(send(fd[0], "X", 1, MSG_OOB));
	R(xt_poll(fd[1], POLLPRI, XT_SOON_MS) & POLLPRI);
	sigpending(&set);
	R(sigismember(&set, SIGURG));
	/* For TCP and XTCP are asked in one process. */
	R(sigtimedwait(&set, NULL, &(struct timespec){ 0 }) == SIGURG);
}

/* splice() stops there; only a read() gets past. */
SITUATION(urgent__splice)
{
	int fd[2], p[2];

	if (pipe(p))
		abort();
	pair(r, fd);
	send_both(r, fd);
	R(splice(fd[1], NULL, p[1], NULL, 8, 0));
	R(splice(fd[1], NULL, p[1], NULL, 8, 0));
	take(r, fd[1], 1, 0);
	R(splice(fd[1], NULL, p[1], NULL, 8, 0));
	close(p[0]);
	close(p[1]);
}
