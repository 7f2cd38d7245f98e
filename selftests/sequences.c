// SPDX-License-Identifier: GPL-2.0
/*
 * Random sequences of calls, the same over TCP and over XTCP: six sockets that
 * bind, listen, connect, accept and close, in both families and with all the
 * options that decide who may share a port with whom.  Every result must be
 * the same.  errno_compare.c has the situations that somebody thought of.
 *
 * Two processes, each in a namespace of its own, write what they saw; the
 * parent compares.  sequences FIRST [COUNT] repeats some of them with -v's
 * verbosity: the number of a sequence is its seed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest.h>
#include "xtcp_test.h"

#define SOCKETS		6
#define STEPS		40
#define SEQUENCES	600	/* in all; a TAP case is one of BATCHES */
#define BATCHES		10
#define TIMEOUT_S	500
#define AGAIN		5	/* earlier sequences to repeat with one that differs */
#define TRIES		8	/* of these */

struct slot {
	int fd;
	bool listens, shut;
	bool met;	/* a peer, who may have gone, or not yet */
	struct xt x;
};

struct world {
	bool tcp;
	struct slot slot[SOCKETS];
	struct xt_random random;
	FILE *out;
};

static unsigned int roll(struct world *w, unsigned int n)
{
	uint64_t v;

	xt_random_fill(&w->random, &v, sizeof(v));
	/* Its low bits repeat too soon. */
	return (v >> 20) % n;
}

static void note(struct world *w, int n, const char *what, const char *arg,
		 int number, long ret)
{
	fprintf(w->out, "%d: %s(%s %d) = %s\n", n, what, arg, number,
		ret < 0 ? strerrorname_np(errno) : "ok");
}

static const char * const addresses[2][4] = {
	{ "0.0.0.0", "127.0.0.1", "127.0.0.2", "198.51.100.1" },
	{ "::", "::1", "::ffff:127.0.0.1", "2001:db8::1" },
};

static const char *text(const struct slot *s, int which)
{
	return addresses[s->x.family == AF_INET6][which];
}

static socklen_t address(const struct slot *s, union xt_addr *a, int which,
			 int port)
{
	return xt_parse(&s->x, a, text(s, which), text(s, which), port);
}

/* Without TIME_WAIT, which depends on who was quicker. */
static void end(struct slot *s)
{
	struct linger linger = { .l_onoff = 1 };

	if (s->fd < 0)
		return;
	setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(s->fd);
	s->fd = -1;
	s->listens = false;
	s->shut = false;
	s->met = false;
}

static void new_socket(struct world *w, int n)
{
	struct slot *s = &w->slot[n];
	bool v6 = roll(w, 2);

	end(s);
	if (w->tcp)
		xt_door(&s->x, v6 ? XT_TCP6 : XT_TCP4);
	else
		xt_door(&s->x, v6 ? XT_INET6 : XT_INET);
	s->fd = xt_socket(&s->x, 0);
	/* A connect() that goes wrong is to end soon. */
	xt_set(s->fd, IPPROTO_TCP, TCP_SYNCNT, 2);
	note(w, n, "socket", v6 ? "v6" : "v4", 0, s->fd);
}

static void try_accept(struct world *w, int n)
{
	struct slot *s = &w->slot[n], *to = &w->slot[roll(w, SOCKETS)];
	int fd;

	if (s->met)
		return;
	xt_nonblock(s->fd, true);
	if (s->listens)
		xt_poll(s->fd, POLLIN, 20);
	fd = accept(s->fd, NULL, NULL);
	note(w, n, "accept", "to", to - w->slot, fd);
	if (fd < 0)
		return;
	if (to == s) {
		struct slot gone = { .fd = fd };

		end(&gone);
		return;
	}
	end(to);
	to->fd = fd;
	to->x = s->x;
	to->met = true;
}

static void set(struct world *w, int n)
{
	static const struct {
		int level, name;
		const char *what;
	} options[] = {
		{ SOL_SOCKET, SO_REUSEADDR, "reuseaddr" },
		{ SOL_SOCKET, SO_REUSEADDR, "reuseaddr" },
		{ SOL_SOCKET, SO_REUSEPORT, "reuseport" },
		{ SOL_IPV6, IPV6_V6ONLY, "v6only" },
		{ SOL_IP, IP_FREEBIND, "freebind" },
	};
	unsigned int i = roll(w, 5), v = roll(w, 4) > 0;

	note(w, n, "set", options[i].what, v,
	     xt_set(w->slot[n].fd, options[i].level, options[i].name, v));
}

static void step(struct world *w)
{
	int n = roll(w, SOCKETS), which, port;
	struct slot *s = &w->slot[n];
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	union xt_addr a;
	socklen_t len;
	char c;

	which = roll(w, 8);
	which = which < 3 ? 0 : which < 5 ? 1 : which < 7 ? 2 : 3;
	port = 7000 + roll(w, 3);
	if (s->fd < 0) {
		new_socket(w, n);
		return;
	}
	len = address(s, &a, which, port);
	switch (roll(w, 16)) {
	case 0:
		new_socket(w, n);
		break;
	case 1:
	case 2:
	case 3:
		set(w, n);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		if (s->met)
			break;
		note(w, n, "bind", text(s, which), port,
		     bind(s->fd, &a.sa, len));
		break;
	case 8:
	case 9:
		if (s->met)
			break;
		which = listen(s->fd, 1000);
		s->listens |= !which;
		note(w, n, "listen", "", 0, which);
		break;
	case 10:
	case 11:
		/* To itself, or shut before: TCP's FIN meets TCP's SYN then. */
		if (s->shut || s->met || xt_local_port(s->fd) == port)
			break;
		xt_nonblock(s->fd, false);
		len = connect(s->fd, &a.sa, len);
		note(w, n, "connect", text(s, which), port, (int)len);
		/* TCP mixes the families of a first and a second attempt. */
		if (len)
			end(s);
		else
			s->met = true;
		break;
	case 12:
		try_accept(w, n);
		break;
	case 13:
		note(w, n, "connect", "unspec", 0,
		     connect(s->fd, &unspec, sizeof(unspec)));
		s->listens = false;
		s->met = false;
		break;
	case 14:
		which = roll(w, 3);
		/* What a peer sees of it depends on who is quicker. */
		if (!s->met) {
			note(w, n, "shutdown", "", which,
			     shutdown(s->fd, which));
			s->listens = false;
			s->shut = true;
		}
		break;
	case 15:
		if (!s->met)
			note(w, n, "recv and close", "", 0,
			     recv(s->fd, &c, 1, MSG_DONTWAIT));
		end(s);
		break;
	}
}

/* All that one sequence does, as text. */
static void run(struct world *w, unsigned long seed)
{
	int i;

	w->random.state = (seed + 1) * 0x9e3779b97f4a7c15;
	for (i = 0; i < SOCKETS; i++) {
		w->slot[i].fd = -1;
		w->slot[i].listens = false;
	}
	for (i = 0; i < STEPS; i++)
		step(w);
	for (i = 0; i < SOCKETS; i++)
		end(&w->slot[i]);
	fprintf(w->out, "end %lu\n", seed);
	fflush(w->out);
}

static FILE *start(bool tcp, unsigned long first, unsigned long count)
{
	struct world w = { .tcp = tcp };
	int p[2];
	pid_t pid;

	if (pipe(p))
		return NULL;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return NULL;
	if (pid) {
		close(p[1]);
		return fdopen(p[0], "r");
	}
	close(p[0]);
	w.out = fdopen(p[1], "w");
	signal(SIGPIPE, SIG_IGN);
	if (!w.out || xt_new_netns())
		_exit(1);
	alarm(TIMEOUT_S);
	while (count--)
		run(&w, first++);
	_exit(0);
}

/* The first sequence that differs, told in full; or -1. */
static long compare(unsigned long first, unsigned long count, bool verbose)
{
	FILE *a = start(true, first, count), *b = start(false, first, count);
	char la[128], lb[128], before[STEPS + 1][128];
	unsigned long at = first;
	long differs = -1;
	int n = 0, i;

	if (!a || !b)
		return first;
	while (fgets(la, sizeof(la), a) && fgets(lb, sizeof(lb), b)) {
		if (verbose)
			printf("#   %s", la);
		if (strcmp(la, lb)) {
			printf("# sequence %lu, after:\n", at);
			for (i = 0; i < n && !verbose; i++)
				printf("#   %s", before[i]);
			printf("# TCP:  %s# XTCP: %s", la, lb);
			differs = at;
			break;
		}
		if (!strncmp(la, "end ", 4)) {
			n = 0;
			at++;
		} else if (n < STEPS) {
			strcpy(before[n++], la);
		}
	}
	/* Whoever still writes gets EPIPE, and ends. */
	fclose(a);
	fclose(b);
	while (wait(NULL) > 0)
		;
	if (differs < 0 && at != first + count) {
		printf("# ended in sequence %lu\n", at);
		differs = at;
	}
	return differs;
}

/*
 * A RST that another CPU has not delivered yet makes a difference, once.  What
 * TCP and XTCP disagree upon makes it each time, perhaps with the help of what
 * some earlier sequences left behind.
 */
static bool always_differs(unsigned long first, unsigned long which)
{
	int i;

	if (which - first > AGAIN)
		first = which - AGAIN;
	for (i = 0; i < TRIES; i++)
		if (compare(first, which - first + 1, false) < 0)
			return false;
	return true;
}

static bool batch(unsigned long first, unsigned long count)
{
	unsigned long end = first + count;

	while (first < end) {
		long which = compare(first, end - first, false);

		if (which < 0)
			return true;
		if (always_differs(first, which))
			return false;
		printf("# sequence %ld: not again\n", which);
		first = which + 1;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned long count = xt_scaled(SEQUENCES) / BATCHES + 1, i;

	ksft_print_header();
	if (argc > 1) {
		ksft_set_plan(1);
		ksft_test_result(compare(strtoul(argv[1], NULL, 0),
					 argc > 2 ? atoi(argv[2]) : 1,
					 true) < 0,
				 "sequence %s\n", argv[1]);
		ksft_finished();
	}
	ksft_set_plan(BATCHES);
	for (i = 0; i < BATCHES; i++)
		ksft_test_result(batch(i * count, count),
				 "sequences %lu to %lu\n", i * count,
				 (i + 1) * count - 1);
	ksft_finished();
}
