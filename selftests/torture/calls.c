// SPDX-License-Identifier: GPL-2.0
/*
 * System calls by chance: threads and children throw them, with good and bad
 * arguments, at a set of descriptors that they share.
 *
 *	calls [-n CALLS] [-t THREADS] [-s SEED]
 *
 * Nothing is expected of a call but that it returns, and with an errno that
 * programs may see.  In the end everything can be closed, no socket is left, and
 * a new connection works.  "-s SEED" throws the same calls again; what they meet
 * depends on the other threads.
 *
 * The descriptors are numbers from FIRST on, open or not: dup2() puts sockets
 * there, so that no call can hit a file that matters.
 */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX	16
#define STUCK_MS	300	/* a call that blocks is interrupted then */
#define HUNG_MS		(2 * XT_SOON_MS)	/* and has failed then */
#define CHILD_CALLS	200
#define CHILDREN	4	/* at a time */

struct thrower {
	struct caller c;
	pthread_t id;
	unsigned long calls, left;
	unsigned long seen;	/* calls, when the watch last looked */
	long long since_ms;
	bool started, done;
};

static struct thrower throwers[THREADS_MAX];
static unsigned long results[CALL_MAX][2];	/* worked, failed */
static unsigned long errnos[ERRNO_MAX];
static char complaint[200];

static void count(enum call call, long ret, int err)
{
	__atomic_add_fetch(&results[call][ret < 0], 1, __ATOMIC_RELAXED);
	if (ret >= 0)
		return;
	if (err > 0 && err < ERRNO_MAX)
		__atomic_add_fetch(&errnos[err], 1, __ATOMIC_RELAXED);
	/* ERESTARTSYS, ENOIOCTLCMD and their like are the kernel's own */
	if ((err <= 0 || err > EHWPOISON) && !complaint[0])
		snprintf(complaint, sizeof(complaint), "%s: errno %d",
			 names_of_calls[call], err);
}

static void throw(struct caller *c)
{
	enum call call = below(&c->r, CALL_MAX);
	long ret;

	errno = 0;
	ret = calls[call](c);
	count(call, ret, errno);
}

static void *thrower_main(void *arg)
{
	struct thrower *t = arg;

	xt_faults(true);
	for (; t->left; t->left--) {
		throw(&t->c);
		__atomic_add_fetch(&t->calls, 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&t->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* A child that shares the sockets, and dies with them in its hands. */
static pid_t breed(uint64_t seed)
{
	static struct caller c;
	pid_t pid = fork();
	int i;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	caller_init(&c, seed);
	/* what blocks is cut short with all the rest */
	signal(SIGALRM, SIG_DFL);
	alarm(2);
	for (i = 0; i < CHILD_CALLS; i++)
		calls[below(&c.r, CALL_MAX)](&c);
	_exit(0);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Returns false when one of them is beyond help. */
static bool watch(struct thrower *t)
{
	unsigned long calls = __atomic_load_n(&t->calls, __ATOMIC_ACQUIRE);
	long long now = xt_now_ms();

	if (__atomic_load_n(&t->done, __ATOMIC_ACQUIRE))
		return true;
	if (calls != t->seen || !t->since_ms) {
		t->seen = calls;
		t->since_ms = now;
		return true;
	}
	if (now - t->since_ms > STUCK_MS)
		pthread_kill(t->id, SIGUSR1);
	return now - t->since_ms < HUNG_MS;
}

static bool all_done(unsigned int threads)
{
	unsigned int i;

	for (i = 0; i < threads; i++)
		if (!__atomic_load_n(&throwers[i].done, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

/* Returns how many children there were, or -1 when a thread hangs. */
static int watch_all(unsigned int threads, struct xt_random *r)
{
	int children = 0, alive = 0, status;
	unsigned int i;

	while (!all_done(threads)) {
		uint64_t seed;

		xt_sleep_ms(10);
		for (i = 0; i < threads; i++) {
			if (watch(&throwers[i]))
				continue;
			snprintf(complaint, sizeof(complaint),
				 "a thread hangs after %lu calls",
				 throwers[i].calls);
			return -1;
		}
		while (alive && waitpid(-1, &status, WNOHANG) > 0)
			alive--;
		xt_random_fill(r, &seed, sizeof(seed));
		if (alive < CHILDREN && !(seed & 7) && breed(seed) > 0) {
			alive++;
			children++;
		}
	}
	while (alive && waitpid(-1, &status, 0) > 0)
		alive--;
	return children;
}

static int start(unsigned int threads, unsigned long n, struct xt_random *r)
{
	unsigned int i;

	for (i = 0; i < threads; i++) {
		struct thrower *t = &throwers[i];
		uint64_t seed;

		xt_random_fill(r, &seed, sizeof(seed));
		caller_init(&t->c, seed);
		t->left = n / threads;
		if (pthread_create(&t->id, NULL, thrower_main, t))
			return -1;
	}
	return 0;
}

/* Signals that sockets send to whoever owns them, and ours for the stuck. */
static void catch_signals(void)
{
	static const int sigs[] = {
		SIGUSR1, SIGIO, SIGURG, SIGPIPE, SIGALRM,
	};
	struct sigaction sa = { .sa_handler = on_signal };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sigs); i++)
		sigaction(sigs[i], &sa, NULL);
}

static void print_results(void)
{
	unsigned int i;

	printf("# worked/failed:");
	for (i = 0; i < CALL_MAX; i++)
		printf(" %s=%lu/%lu", names_of_calls[i], results[i][0],
		       results[i][1]);
	printf("\n# errno:");
	for (i = 0; i < ERRNO_MAX; i++)
		if (errnos[i])
			printf(" %s=%lu", strerrorname_np(i) ?: "?", errnos[i]);
	printf("\n");
}

static int cases, bad;

static void verdict(bool ok, const char *name)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++cases, name);
	fflush(stdout);
	bad += !ok;
}

static bool pairs_work(void)
{
	static const enum xt_door doors[] = { XT_IPV4, XT_IPV6 };
	unsigned int i;
	struct xt x;
	int fd[2];
	char c;

	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		xt_door(&x, doors[i]);
		if (xt_pair(&x, fd) || write(fd[0], "x", 1) != 1 ||
		    read(fd[1], &c, 1) != 1 || close(fd[0]) || close(fd[1]))
			return false;
	}
	return true;
}

static void settings(void)
{
	struct rlimit files = { 1024, 1024 };
	struct xt x;

	xt_door(&x, XT_IPV4);
	setrlimit(RLIMIT_NOFILE, &files);
	xt_write_file("/proc/sys/net/xtcp/time_wait", "1");
	xt_write_file("/proc/sys/net/xtcp/fin_timeout", "1");
	xt_write_file("/proc/sys/net/xtcp/orphan_retries", "2");
	xt_write_file("/proc/sys/net/xtcp/syn_retries", "2");
}

static void run(unsigned long n, unsigned int threads, uint64_t seed)
{
	struct xt_random r = { seed };
	unsigned int i;
	int children;

	printf("TAP version 13\n1..4\n# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	if (xt_new_netns() || shared_begin() || start(threads, n, &r)) {
		printf("Bail out! %s\n", strerror(errno));
		exit(1);
	}
	settings();
	children = watch_all(threads, &r);
	verdict(children >= 0, "every call returns");
	if (children < 0) {
		printf("# %s\n", complaint);
		fflush(stdout);
		_exit(1);
	}
	for (i = 0; i < threads; i++)
		pthread_join(throwers[i].id, NULL);
	verdict(!complaint[0], "errno is one of those that programs know");
	if (complaint[0])
		printf("# %s\n", complaint);
	shared_end();
	verdict(xt_no_sockets(), "nothing is left");
	verdict(pairs_work(), "a new connection works");
	printf("# %lu calls by %u threads, and %d children\n",
	       n / threads * threads, threads, children);
	print_results();
}

int main(int argc, char **argv)
{
	unsigned long n = access("/sys/kernel/debug/kmemleak", F_OK) ? 3000 :
								       10000;
	unsigned int threads = 4;
	uint64_t seed = 20260901;
	int opt;

	while ((opt = getopt(argc, argv, "n:t:s:")) != -1) {
		switch (opt) {
		case 'n':
			n = strtoul(optarg, NULL, 0);
			break;
		case 't':
			threads = strtoul(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		default:
			fprintf(stderr, "usage: %s [-n CALLS] [-t THREADS] [-s SEED]\n",
				argv[0]);
			return 2;
		}
	}
	if (!threads || threads > THREADS_MAX)
		return 2;
	catch_signals();
	run(n, threads, seed);
	return !!bad;
}
