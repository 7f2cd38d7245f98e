// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets in all eleven states when their program dies, and their namespace with
 * it: what still has something to say gives up, and then the namespace ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000

FIXTURE(last_days) {
};

FIXTURE_VARIANT(last_days) {
	enum xt_door door;
};

FIXTURE_VARIANT_ADD(last_days, ipv4) {
	.door = XT_IPV4,
};

FIXTURE_VARIANT_ADD(last_days, ipv6) {
	.door = XT_IPV6,
};

FIXTURE_SETUP(last_days)
{
	ASSERT_EQ(0, xt_new_netns());
}

FIXTURE_TEARDOWN(last_days)
{
}

static struct wire w;
static struct seg s;

static int opened(struct conn *c, int listener)
{
	if (conn_open_passive(c, &w, listener))
		return -1;
	return conn_quiet(c, 50) ? 0 : -1;
}

/* We have closed our side. */
static int half_closed(struct conn *c)
{
	return conn_send(c, FIN | ACK, NULL, 0) ||
	       conn_await_ack(c, &s, c->seq);
}

/* The kernel has closed its side, and we heard. */
static int finned(struct conn *c)
{
	if (shutdown(c->fd, SHUT_WR) || conn_await(c, &s, FIN | ACK))
		return -1;
	c->ack++;
	return 0;
}

/* The kernel's end of @c gets into @state. */
static int bring_to(struct conn *c, int state, int listener)
{
	union xt_addr a;

	switch (state) {
	case XTCP_CLOSE:
		c->fd = xt_socket(&w.x, 0);
		wire_kernel_addr(&w, &a, PORT + 1);
		return bind(c->fd, &a.sa, sizeof(a.in6));
	case XTCP_LISTEN:
		c->fd = wire_listener(&w, PORT + 2, 8);
		return c->fd < 0;
	case XTCP_SYN_SENT:
		return conn_start_active(c, &w, &s);
	case XTCP_SYN_RECV:
		return conn_start_active(c, &w, &s) || conn_syn(c) ||
		       conn_await(c, &s, SYN | ACK);
	case XTCP_ESTABLISHED:
		return opened(c, listener) || write(c->fd, "x", 1) != 1;
	case XTCP_FIN_WAIT1:
		return opened(c, listener) || finned(c);
	case XTCP_FIN_WAIT2:
		return opened(c, listener) || finned(c) ||
		       conn_send(c, ACK, NULL, 0);
	case XTCP_CLOSE_WAIT:
		return opened(c, listener) || half_closed(c);
	case XTCP_CLOSING:
		if (opened(c, listener) || finned(c))
			return -1;
		c->ack--;	/* ours crosses it */
		return half_closed(c);
	case XTCP_LAST_ACK:
		return opened(c, listener) || half_closed(c) || finned(c);
	case XTCP_TIME_WAIT:
		return opened(c, listener) || finned(c) || half_closed(c);
	}
	return -1;
}

/* All of them; then a word to the parent, and the end comes from there. */
static void inhabitant(enum xt_door door, int ready)
{
	static struct conn c[XTCP_CLOSING + 1];
	int state, seen, listener;
	char line[128];

	if (wire_open(&w, door))
		_exit(2);
	listener = wire_listener(&w, PORT, 32);
	/* orphans give up soon */
	if (listener < 0 ||
	    xt_write_file("/proc/sys/net/xtcp/orphan_retries", "2") ||
	    xt_write_file("/proc/sys/net/xtcp/fin_timeout", "2"))
		_exit(3);
	snprintf(line, sizeof(line),
		 "ip link add inside type veth peer name outside netns %d",
		 getppid());
	if (system(line))
		_exit(4);
	for (state = XTCP_ESTABLISHED; state <= XTCP_CLOSING; state++) {
		if (bring_to(&c[state], state, listener)) {
			fprintf(stderr, "# state %d not reached\n", state);
			_exit(5);
		}
		/* TIME_WAIT is a record's */
		seen = state == XTCP_TIME_WAIT ?
		       (xt_counter("TimeWait") == 1 ? state : -1) :
		       xt_state(c[state].fd);
		if (seen != state && !xt_wait_state(c[state].fd, state)) {
			fprintf(stderr, "# state %d instead of %d\n", seen, state);
			_exit(6);
		}
	}
	if (write(ready, "r", 1) != 1)
		_exit(7);
	for (;;)
		pause();
}

TEST_F(last_days, every_state__the_namespace_ends)
{
	int ready[2], status = 0;
	long long end;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		inhabitant(variant->door, ready[1]);
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1) {
		waitpid(pid, &status, 0);
		ASSERT_EQ(0, status) TH_LOG("it could not be populated");
	}
	/* Its end of the link is there for as long as it is. */
	ASSERT_NE(0, if_nametoindex("outside"));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	end = xt_now_ms() + 2 * XT_SOON_MS;
	while (if_nametoindex("outside")) {
		ASSERT_GT(end, xt_now_ms());
		xt_sleep_ms(100);
	}
}

WIRE_MAIN
