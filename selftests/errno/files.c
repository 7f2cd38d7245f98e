// SPDX-License-Identifier: GPL-2.0
/* What else can be asked of a descriptor. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <termios.h>

#include "situation.h"

/* ioctl() and what else a descriptor can do */

SITUATION(ioctl__queues)
{
	uint16_t port;
	int n = 0, fd[2], listener = listening(r, &port);

	R(ioctl(sock(r), SIOCINQ, &n));
	R(n);
	R(ioctl(sock(r), SIOCOUTQ, &n));
	R(n);
	R(ioctl(listener, SIOCINQ, &n));
	R(ioctl(listener, SIOCOUTQ, &n));
	R(ioctl(listener, SIOCOUTQNSD, &n));
	pair(r, fd);
	R(ioctl(fd[0], SIOCINQ, BAD));
	R(ioctl(fd[0], SIOCOUTQ, BAD));
	R(ioctl(fd[0], SIOCATMARK, &n));
	R(n);
	R(ioctl(reset(r), SIOCINQ, &n));
}

SITUATION(ioctl__end_of_stream)
{
	int n = -1, fd[2];

	pair(r, fd);
	R(send(fd[0], "abc", 3, 0));
	close(fd[0]);
	xt_wait_state(fd[1], XTCP_CLOSE_WAIT);
	R(ioctl(fd[1], FIONREAD, &n));
	R(n);
	R(recv(fd[1], (char[3]){}, 3, MSG_WAITALL));
	R(ioctl(fd[1], FIONREAD, &n));
	R(n);
}

SITUATION(ioctl__unknown)
{
	struct ifreq ifr = { .ifr_ifindex = 9999 };
	struct termios t;
	int fd = sock(r);

	R(ioctl(fd, TCGETS, &t));
	R(ioctl(fd, 0x12345678, &t));
	R(ioctl(fd, 0x89ef, &t));
	R(ioctl(fd, SIOCGIFNAME, &ifr));
	R(ioctl(fd, SIOCGIFNAME, BAD));
	ifr.ifr_ifindex = 1;
	R(ioctl(fd, SIOCGIFNAME, &ifr));
	R(ioctl(fd, FIONBIO, BAD));
}

SITUATION(ioctl__interface)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = sock(r);

	R(ioctl(fd, SIOCGIFINDEX, &ifr));
	R(ifr.ifr_ifindex);
	R(ioctl(fd, SIOCGIFFLAGS, &ifr));
	R(ioctl(fd, SIOCGIFMTU, &ifr));
	strcpy(ifr.ifr_name, "none0");
	R(ioctl(fd, SIOCGIFINDEX, &ifr));
}

SITUATION(file__operations)
{
	int fd = sock(r);
	char c;

	R(lseek(fd, 0, SEEK_CUR));
	R(pread(fd, &c, 1, 0));
	R(pwrite(fd, &c, 1, 0));
	R(fsync(fd));
	R(ftruncate(fd, 0));
	R(fallocate(fd, 0, 0, 1));
	R(flock(fd, 1));
}

SITUATION(sendfile__odd)
{
	int file = memfd_create("file", 0), fd[2];
	off_t at = 0;

	R(ftruncate(file, 100));
	R(sendfile(sock(r), file, &at, 100));
	pair(r, fd);
	R(sendfile(fd[0], file, &at, 0));
	at = 50;
	R(sendfile(fd[0], file, &at, 100));
	R(at);
	R(sendfile(fd[0], file, &at, 100));
	at = -1;
	R(sendfile(fd[0], file, &at, 100));
	R(sendfile(fd[0], fd[1], NULL, 100));
	R(sendfile(file, fd[0], NULL, 100));
	R(shutdown(fd[0], SHUT_WR));
	at = 0;
	R(sendfile(fd[0], file, &at, 100));
}

SITUATION(splice__odd)
{
	uint16_t port;
	int p[2], fd[2];
	loff_t at = 0;

	if (pipe(p))
		abort();
	R(splice(sock(r), NULL, p[1], NULL, 10, 0));
	R(splice(listening(r, &port), NULL, p[1], NULL, 10, 0));
	pair(r, fd);
	R(splice(fd[0], &at, p[1], NULL, 10, 0));
	R(splice(fd[0], NULL, fd[1], NULL, 10, 0));
	xt_nonblock(fd[0], true);
	R(splice(fd[0], NULL, p[1], NULL, 10, 0));
	R(splice(fd[0], NULL, p[1], NULL, 0, 0));
	R(write(p[1], "x", 1));
	R(shutdown(fd[0], SHUT_WR));
	R(splice(p[0], NULL, fd[0], NULL, 1, 0));
	close(fd[1]);
	xt_poll(fd[0], POLLIN, XT_SOON_MS);
	R(splice(fd[0], NULL, p[1], NULL, 10, 0));
}

SITUATION(poll__every_state)
{
	short all = POLLIN | POLLOUT | POLLPRI | POLLRDHUP;
	uint16_t port;
	int fd[2];

	pair(r, fd);
	R(xt_poll(sock(r), all, 0));
	R(xt_poll(bound(r, 0), all, 0));
	R(xt_poll(listening(r, &port), all, 0));
	R(xt_poll(fd[0], all, 0));
	R(xt_poll(reset(r), all, 0));
	R(shutdown(fd[0], SHUT_WR));
	R(xt_wait_state(fd[0], XTCP_FIN_WAIT2));
	R(xt_poll(fd[0], all, 0));
	R(xt_wait_state(fd[1], XTCP_CLOSE_WAIT));
	R(xt_poll(fd[1], all, 0));
	R(shutdown(fd[1], SHUT_WR));
	R(xt_wait_state(fd[1], XTCP_CLOSE));
	R(xt_poll(fd[1], all, 0));
	R(xt_poll(connecting(r), all, 0));
}
