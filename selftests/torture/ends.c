// SPDX-License-Identifier: GPL-2.0
/* One end: a namespace, a TUN device, and a program that talks; see torture.h. */
#define _GNU_SOURCE
#include "torture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SLOTS		24
#define LISTENERS	2
#define PORT_LISTEN	7000	/* and the next */
#define PORT_OWN	7100	/* that both ends bind: openings cross */
#define OWN_PORTS	4
#define PORT_FRESH	7900	/* and the next */
#define FRESH_BYTES	50000
/* Poisoned round trips make for timeouts of minutes. */
#define SOON_MS		1000
#define LATER_MS	8000

enum phase phase_wanted;

struct talk {
	struct end *e;
	struct xt_random r;
	int fd[SLOTS];
	int listener[LISTENERS];
};

static bool wanted(enum phase phase)
{
	return __atomic_load_n(&phase_wanted, __ATOMIC_ACQUIRE) >= phase;
}

static void reach(struct end *e, enum phase phase)
{
	__atomic_store_n(&e->phase, phase, __ATOMIC_RELEASE);
}

bool end_reached(const struct end *e, enum phase phase)
{
	return __atomic_load_n(&e->phase, __ATOMIC_ACQUIRE) >= phase;
}

/* A machine without udev has neither the module nor the node yet. */
static int open_tun(void)
{
	static const char path[] = "/dev/net/tun";

	if (access(path, F_OK)) {
		if (system("modprobe -q tun"))
			errno = 0;	/* built in, or open() says it */
		mkdir("/dev/net", 0755);
		mknod(path, S_IFCHR | 0600, makedev(10, 200));
	}
	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static void set(const char *name, int value)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/proc/sys/net/xtcp/%s", name);
	snprintf(text, sizeof(text), "%d", value);
	xt_write_file(path, text);
}

/* What is left of a conversation shall not take minutes to give up. */
static void settings(struct talk *t)
{
	static const char * const cong[] = { "cubic", "reno", "bbr", "dctcp" };

	set("time_wait", 1);
	set("fin_timeout", 1);
	set("orphan_retries", 2);
	set("syn_retries", 2);
	set("keepalive_time", 1);
	set("keepalive_intvl", 1);
	set("keepalive_probes", 2);
	set("ecn", below(&t->r, 3));
	set("abort_on_overflow", below(&t->r, 2));
	xt_write_file("/proc/sys/net/xtcp/congestion_control",
		      cong[below(&t->r, ARRAY_SIZE(cong))]);
}

static int prepare(struct talk *t)
{
	struct ifreq ifr = { .ifr_name = "torture0",
			     .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	struct end *e = t->e;
	char cmd[256];

	if (xt_new_netns())
		return -1;
	e->tun = open_tun();
	if (e->tun < 0 || ioctl(e->tun, TUNSETIFF, &ifr))
		return -1;
	snprintf(cmd, sizeof(cmd),
		 "ip addr add 192.0.2.%d/24 dev torture0 && "
		 "ip addr add 2001:db8::%d/64 dev torture0 nodad && "
		 "ip link set torture0 mtu %u up",
		 e->index + 1, e->index + 1, e->mtu);
	if (system(cmd))
		return -1;
	settings(t);
	return 0;
}

/* Any of the doors, and addresses to match. */
static void choose_door(struct talk *t, struct xt *x)
{
	static const enum xt_door doors[] = {
		XT_IPV4, XT_IPV6, XT_INET, XT_INET6,
	};

	xt_door(x, doors[below(&t->r, ARRAY_SIZE(doors))]);
}

static socklen_t address(const struct xt *x, union xt_addr *a, int index,
			 uint16_t port)
{
	return index ? xt_parse(x, a, "192.0.2.2", "2001:db8::2", port) :
		       xt_parse(x, a, "192.0.2.1", "2001:db8::1", port);
}

static void listen_again(struct talk *t, unsigned int which)
{
	union xt_addr a;
	socklen_t len;
	struct xt x;
	int fd;

	if (t->listener[which] >= 0)
		close(t->listener[which]);
	/* the second takes IPv4, too, under mapped addresses */
	xt_door(&x, which ? XT_IPV6 : XT_IPV4);
	fd = xt_socket(&x, SOCK_NONBLOCK);
	len = xt_any(&x, &a, PORT_LISTEN + which);
	if (fd >= 0)
		xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (fd >= 0 && (bind(fd, &a.sa, len) ||
			listen(fd, below(&t->r, 12)))) {
		close(fd);
		fd = -1;
	}
	t->listener[which] = fd;
}

static int dial(struct talk *t)
{
	uint16_t port = PORT_LISTEN + below(&t->r, LISTENERS);
	union xt_addr a;
	socklen_t len;
	struct xt x;
	int fd;

	choose_door(t, &x);
	fd = xt_socket(&x, SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	if (!below(&t->r, 3)) {
		xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		len = address(&x, &a, t->e->index,
			      PORT_OWN + below(&t->r, OWN_PORTS));
		bind(fd, &a.sa, len);
		if (below(&t->r, 2))
			port = PORT_OWN + below(&t->r, OWN_PORTS);
	}
	len = address(&x, &a, !t->e->index, port);
	connect(fd, &a.sa, len);
	return fd;
}

static void adjust(struct talk *t, int fd)
{
	static const char * const cong[] = { "cubic", "reno", "bbr", "dctcp" };
	const char *name = cong[below(&t->r, ARRAY_SIZE(cong))];

	switch (below(&t->r, 9)) {
	case 0:
		xt_set(fd, IPPROTO_TCP, TCP_NODELAY, below(&t->r, 2));
		break;
	case 1:
		xt_set(fd, IPPROTO_TCP, TCP_CORK, below(&t->r, 2));
		break;
	case 2:
		xt_set(fd, SOL_SOCKET, SO_RCVBUF, below(&t->r, 300000));
		break;
	case 3:
		xt_set(fd, SOL_SOCKET, SO_SNDBUF, below(&t->r, 300000));
		break;
	case 4:
		xt_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		break;
	case 5:
		xt_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, below(&t->r, 3000));
		break;
	case 6:
		xt_set(fd, IPPROTO_TCP, TCP_QUICKACK, below(&t->r, 2));
		break;
	case 7:
		xt_set(fd, IPPROTO_TCP, TCP_MAXSEG, below(&t->r, 9000));
		break;
	default:
		setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name));
	}
}

/* Close, in one of the ways that there are; it is gone after @ms or so. */
static void part(struct talk *t, int fd, unsigned int ms)
{
	struct linger linger = { .l_onoff = 1 };

	xt_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ms);
	xt_set(fd, IPPROTO_TCP, TCP_LINGER2, 1);
	switch (below(&t->r, 4)) {
	case 0:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		break;
	case 1:
		shutdown(fd, below(&t->r, 3));
		break;
	}
	close(fd);
}

/* Takes who has come. */
static int answer(struct talk *t)
{
	unsigned int i;
	int fd = -1;

	for (i = 0; i < LISTENERS && fd < 0; i++)
		if (t->listener[i] >= 0)
			fd = accept4(t->listener[i], NULL, NULL, SOCK_NONBLOCK);
	return fd;
}

/* Nothing more to expect of it: ended, refused, reset. */
static bool over(ssize_t n)
{
	return !n || (n < 0 && errno != EAGAIN && errno != EINVAL);
}

/* Something, at random, with a random conversation. */
static void say(struct talk *t)
{
	static char buf[2][200000];
	unsigned int i = below(&t->r, SLOTS);
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	size_t len = 1 + below(&t->r, below(&t->r, 4) ? 3000 : sizeof(buf[0]) - 1);
	char *b = buf[t->e->index];
	int fd = t->fd[i];

	if (fd < 0) {
		t->fd[i] = answer(t);
		if (t->fd[i] < 0 && i < SLOTS / 2)
			t->fd[i] = dial(t);
		return;
	}
	switch (below(&t->r, 24)) {
	case 0 ... 8:
		send(fd, b, len, MSG_NOSIGNAL |
		     (below(&t->r, 8) ? 0 : below(&t->r, 2) ? MSG_OOB : MSG_MORE));
		break;
	case 9 ... 17:
		if (!over(recv(fd, b, len, below(&t->r, 8) ? 0 : MSG_PEEK)))
			break;
		part(t, fd, LATER_MS);
		t->fd[i] = -1;
		break;
	case 18:
	case 19:
		adjust(t, fd);
		break;
	case 20:
		if (!below(&t->r, 3))
			shutdown(fd, below(&t->r, 3));
		break;
	case 21:
		if (!below(&t->r, 8))
			connect(fd, &unspec, sizeof(unspec));
		break;
	case 22:
		if (below(&t->r, 3))
			break;
		part(t, fd, LATER_MS);
		t->fd[i] = -1;
		break;
	default:
		if (!below(&t->r, 8))
			listen_again(t, below(&t->r, LISTENERS));
	}
}

static void play(struct talk *t)
{
	unsigned int i;

	for (i = 0; i < LISTENERS; i++)
		listen_again(t, i);
	while (!wanted(PHASE_CLOSE)) {
		for (i = 0; i < 8; i++)
			say(t);
		/* the middle has more to do; and virtual time wants sleep */
		xt_sleep_ms(4);
	}
}

/* Returns the listeners of the fresh connections, for IPv4 and IPv6. */
static int fresh_listeners(struct talk *t, int fd[2])
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		uint16_t port = PORT_FRESH + i;
		union xt_addr a;
		socklen_t len;
		struct xt x;

		xt_door(&x, i ? XT_IPV6 : XT_IPV4);
		fd[i] = xt_socket(&x, 0);
		len = address(&x, &a, t->e->index, port);
		if (fd[i] < 0 || bind(fd[i], &a.sa, len) || listen(fd[i], 1))
			return -1;
	}
	return 0;
}

static void part_all(struct talk *t)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (t->fd[i] >= 0)
			part(t, t->fd[i], SOON_MS);
	for (i = 0; i < LISTENERS; i++)
		if (t->listener[i] >= 0)
			close(t->listener[i]);
}

/* Bytes both ways; end 1 serves the first connection, end 0 the second. */
static int converse(struct talk *t, unsigned int which, int listener)
{
	struct timeval patience = { .tv_sec = XT_SOON_MS / 1000 };
	bool server = t->e->index != (int)which;
	union xt_addr a;
	socklen_t len;
	struct xt x;
	int fd, ret;

	if (server) {
		if (xt_poll(listener, POLLIN, XT_SOON_MS) != POLLIN)
			return -1;
		fd = accept(listener, NULL, NULL);
	} else {
		xt_door(&x, which ? XT_IPV6 : XT_IPV4);
		fd = xt_socket(&x, 0);
		len = address(&x, &a, !t->e->index, PORT_FRESH + which);
		if (fd >= 0 && connect(fd, &a.sa, len))
			return -1;
	}
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (server)
		ret = xt_recv_random(fd, 1, FRESH_BYTES, 4096) ?:
		      xt_send_random(fd, 2, FRESH_BYTES, 4096);
	else
		ret = xt_send_random(fd, 1, FRESH_BYTES, 4096) ?:
		      xt_recv_random(fd, 2, FRESH_BYTES, 4096);
	if (!ret && !server && shutdown(fd, SHUT_WR))
		return -1;
	/* the client sees the server's end, or the other way round */
	if (!ret && xt_read_all(fd, &a, 1))
		return -1;
	close(fd);
	return ret;
}

static void complain(struct end *e, const char *what)
{
	snprintf(e->why, sizeof(e->why), "end %d: %s: %s", e->index, what,
		 strerror(errno));
}

static void wait_for(enum phase phase)
{
	while (!wanted(phase))
		xt_sleep_ms(1);
}

static int live(struct talk *t)
{
	struct end *e = t->e;
	int listener[2];

	if (prepare(t)) {
		complain(e, "namespace and TUN device");
		return -1;
	}
	reach(e, PHASE_PLAY);
	xt_faults(true);
	play(t);
	xt_faults(false);
	part_all(t);
	set("syn_retries", 6);	/* the machine may be slow */
	if (fresh_listeners(t, listener)) {
		complain(e, "new listeners");
		return -1;
	}
	reach(e, PHASE_CLOSE);
	wait_for(PHASE_FRESH);
	if (converse(t, 0, listener[0]) || converse(t, 1, listener[1])) {
		complain(e, "fresh connection");
		return -1;
	}
	close(listener[0]);
	close(listener[1]);
	reach(e, PHASE_FRESH);
	wait_for(PHASE_EMPTY);
	if (!xt_no_sockets()) {
		errno = 0;
		complain(e, "sockets are left");
		return -1;
	}
	return 0;
}

static int end_main(struct xt_thread *thread)
{
	struct end *e = (struct end *)thread->seed;
	struct talk *t = calloc(1, sizeof(*t));

	if (!t)
		return -1;
	memset(t->fd, 0xff, sizeof(t->fd));
	memset(t->listener, 0xff, sizeof(t->listener));
	t->e = e;
	t->r.state = e->seed;
	live(t);
	e->gone(e);
	free(t);
	reach(e, PHASE_DONE);
	return 0;
}

int end_start(struct end *e)
{
	static struct xt_thread thread[2];

	reach(e, 0);
	thread[e->index].seed = (uint64_t)(uintptr_t)e;
	return xt_thread_start(&thread[e->index], end_main);
}
