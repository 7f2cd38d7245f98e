// SPDX-License-Identifier: GPL-2.0
/*
 * Conversations whose packets are changed on their way; torture.h has the plan.
 *
 *	packets [-n SEGMENTS] [-r SEGMENTS-PER-ROUND] [-s SEED]
 *
 * Each round is a process with two fresh namespaces.  Its own seed is printed:
 * "-s SEED -n 1" does that round again, as far as two kernels' timers and random
 * numbers let it.  Some rounds end by SIGKILL, and their namespaces with sockets
 * in every state.  What the kernel complains about is in its log.
 */
#define _GNU_SOURCE
#include "torture.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PER_ROUND	10000
#define MIB_MAX		128
#define REST_MOST	500000	/* segments in peace: more never comes to rest */
#define ROUND_S		600	/* a round hangs */
#define NAME_LEN	32

/* What rounds tell their parent. */
struct report {
	unsigned long segments, refused, count[MUT_MAX];
	unsigned int mibs;
	struct {
		char name[NAME_LEN];
		unsigned long long value;
	} mib[MIB_MAX];
	bool dying;		/* SIGKILL is what it wants */
	char why[200];
};

static struct report *report;
static struct end ends[2];
static struct fuzz fuzz;
static bool peace;
static unsigned long passed;	/* in this round */

static void write_tun(struct packet *p)
{
	struct iovec iov[2] = {
		{ &p->vnet, sizeof(p->vnet) }, { p->b, p->len },
	};

	if (writev(ends[p->to].tun, iov, 2) == (ssize_t)(iov[0].iov_len +
							 iov[1].iov_len))
		passed++;
	else
		report->refused++;
}

/* Everything that an end has to say just now. */
static unsigned int drain(int from)
{
	static struct packet p;
	unsigned int n = 0;

	while (n < 64) {
		struct iovec iov[2] = {
			{ &p.vnet, sizeof(p.vnet) }, { p.b, MTU_MAX },
		};
		ssize_t len = readv(ends[from].tun, iov, 2);

		if (len <= (ssize_t)sizeof(p.vnet))
			break;
		p.len = len - sizeof(p.vnet);
		memset(&p.vnet, 0, sizeof(p.vnet));
		p.to = !from;
		if (peace)
			write_tun(&p);
		else
			fuzz_pass(&fuzz, &p);
		n++;
	}
	return n;
}

static bool failed(const char *why)
{
	int i;

	if (report->why[0])
		return true;
	for (i = 0; i < 2; i++)
		if (end_reached(&ends[i], PHASE_DONE) && ends[i].why[0])
			why = ends[i].why;
	if (why)
		snprintf(report->why, sizeof(report->why), "%s", why);
	return why;
}

/* One look at both devices. */
static void pump(void)
{
	struct pollfd p[2] = {
		{ .fd = ends[0].tun, .events = POLLIN },
		{ .fd = ends[1].tun, .events = POLLIN },
	};
	bool idle = poll(p, 2, 2) <= 0;
	unsigned int n = 0;

	if (p[0].revents & POLLIN)
		n += drain(0);
	if (p[1].revents & POLLIN)
		n += drain(1);
	if (peace)
		return;
	fuzz_invent(&fuzz, idle ? 8 : below(&fuzz.r, fuzz.invented * n + 2));
}

static void want(enum phase phase)
{
	__atomic_store_n(&phase_wanted, phase, __ATOMIC_RELEASE);
}

/* Both ends come to @phase while their packets pass in peace. */
static bool settle(enum phase phase)
{
	unsigned long before = passed;

	want(phase);
	while (!end_reached(&ends[0], phase) || !end_reached(&ends[1], phase)) {
		pump();
		if (failed(passed - before > REST_MOST ?
			   "segments without end" : NULL))
			return false;
	}
	return !failed(NULL);
}

/* Its namespace is about to go: what did the kernel count? */
static void last_look(struct end *e)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	char buf[8192], *names, *values, *save_n, *save_v;
	unsigned int i;

	if (xt_read_file("/proc/thread-self/net/xtcp_stat", buf,
			 sizeof(buf)) < 0)
		return;
	values = strchr(buf, '\n');
	if (!values)
		return;
	*values++ = '\0';
	names = strtok_r(buf, " ", &save_n);
	values = strtok_r(values, " ", &save_v);
	pthread_mutex_lock(&lock);
	for (i = 0; i < MIB_MAX; i++) {
		names = strtok_r(NULL, " ", &save_n);
		values = strtok_r(NULL, " ", &save_v);
		if (!names || !values)
			break;
		snprintf(report->mib[i].name, NAME_LEN, "%s", names);
		report->mib[i].value += strtoull(values, NULL, 10);
	}
	if (i > report->mibs)
		report->mibs = i;
	pthread_mutex_unlock(&lock);
	(void)e;
}

static bool play(unsigned long segments, bool die)
{
	long long quiet = 0, now;
	unsigned long before = 0;

	want(PHASE_PLAY);
	while (passed < segments) {
		pump();
		if (failed(NULL))
			return false;
		now = xt_now_ms();
		if (passed != before || !quiet)
			quiet = now;
		before = passed;
		if (now - quiet > 2 * XT_SOON_MS)
			return !failed("the ends say nothing");
	}
	if (die) {
		report->dying = true;
		report->segments += passed;
		kill(getpid(), SIGKILL);
	}
	return true;
}

static void tell(void)
{
	unsigned int i;

	report->segments += passed;
	for (i = 0; i < MUT_MAX; i++)
		report->count[i] += fuzz.count[i];
}

static bool run(uint64_t seed, unsigned long segments, uint8_t protocol)
{
	static const unsigned int mtus[] = { 1280, 1500, 1500, MTU_MAX };
	bool die;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fuzz_begin(&fuzz, seed, protocol);
	fuzz.deliver = write_tun;
	die = !below(&fuzz.r, 8);
	for (i = 0; i < 2; i++) {
		ends[i].index = i;
		ends[i].tun = -1;
		ends[i].mtu = mtus[below(&fuzz.r, ARRAY_SIZE(mtus))];
		ends[i].seed = seed + 1 + i;
		ends[i].gone = last_look;
		if (end_start(&ends[i]))
			return !failed("no thread");
	}
	while (!end_reached(&ends[0], PHASE_PLAY) ||
	       !end_reached(&ends[1], PHASE_PLAY))
		xt_sleep_ms(1);
	if (!play(segments, die))
		return false;
	tell();
	peace = true;
	return settle(PHASE_CLOSE) && settle(PHASE_FRESH) &&
	       settle(PHASE_EMPTY) && settle(PHASE_DONE);
}

static pid_t child;

static void on_alarm(int sig)
{
	(void)sig;
	kill(child, SIGKILL);
}

/* In a process of its own, which may be killed. */
static bool round_trip(uint64_t seed, unsigned long segments, uint8_t protocol)
{
	int status;

	report->why[0] = '\0';
	report->dying = false;
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(!run(seed, segments, protocol));
	if (child < 0)
		return false;
	alarm(ROUND_S);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	alarm(0);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFSIGNALED(status) && report->dying)
		return true;
	if (!report->why[0])
		snprintf(report->why, sizeof(report->why), WIFSIGNALED(status) ?
			 "killed by signal %d: it hung, if that is 9" :
			 "exit status %d", WIFSIGNALED(status) ?
			 WTERMSIG(status) : WEXITSTATUS(status));
	return false;
}

static void print_report(void)
{
	unsigned int i;

	printf("# %lu segments given to the kernel, %lu refused by the device\n",
	       report->segments, report->refused);
	printf("# changed:");
	for (i = 0; i < MUT_MAX; i++)
		printf(" %s=%lu", mutation_names[i], report->count[i]);
	printf("\n# counted:");
	for (i = 0; i < report->mibs; i++)
		if (report->mib[i].value)
			printf(" %s=%llu", report->mib[i].name,
			       report->mib[i].value);
	printf("\n");
}

/* Where sanitizers watch it is worth some time; elsewhere, a look. */
static unsigned long usual_segments(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) ? 2000 : 20000;
}

static uint8_t protocol_number(void)
{
	char text[16];

	if (xt_read_file("/sys/module/xtcp/parameters/protocol", text,
			 sizeof(text)) > 0)
		return atoi(text);
	return IPPROTO_XTCP;
}

int main(int argc, char **argv)
{
	unsigned long segments = usual_segments(), per_round = PER_ROUND, n, i;
	struct xt_random r = { 20260901 };
	int opt, bad = 0;

	while ((opt = getopt(argc, argv, "n:r:s:")) != -1) {
		switch (opt) {
		case 'n':
			segments = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			per_round = strtoul(optarg, NULL, 0);
			break;
		case 's':
			r.state = strtoull(optarg, NULL, 0);
			break;
		default:
			fprintf(stderr, "usage: %s [-n SEGMENTS] [-r PER-ROUND] [-s SEED]\n",
				argv[0]);
			return 2;
		}
	}
	if (per_round > segments)
		per_round = segments;
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED || !per_round)
		return 2;
	signal(SIGALRM, on_alarm);
	n = (segments + per_round - 1) / per_round;
	printf("TAP version 13\n1..%lu\n", n);
	for (i = 1; i <= n; i++) {
		uint64_t seed = r.state;
		bool ok = round_trip(seed, per_round, protocol_number());

		printf("# seed %llu%s%s\n", (unsigned long long)seed,
		       ok ? "" : ": ", ok ? "" : report->why);
		printf("%sok %lu - round %lu\n", ok ? "" : "not ", i, i);
		bad += !ok;
		xt_random_fill(&r, &seed, sizeof(seed));
	}
	print_report();
	return !!bad;
}
