// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong and odd calls, each made over TCP and over XTCP in the same process,
 * step by step.  What the calls return, and errno, must be the same: a program
 * that knows TCP's errors knows XTCP's.  The situations are in errno/.
 *
 * errno_compare [-1] [-v] [PART]: only situations with PART in their name; with
 * -v what was returned is printed for those that pass, too.
 *
 * Each goes through every door: AF_XTCP and IPPROTO_XTCP, IPv4 and IPv6.  With
 * -1, for kernels that are slow, it goes through one, in turn.
 */
#define _GNU_SOURCE
#include <linux/tcp.h>
#include <net/if.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <kselftest.h>
#include "errno/situation.h"

#define SITUATION_TIMEOUT_S 120

static struct situation *first, **last = &first;

void situation_add(struct situation *s)
{
	*last = s;
	last = &s->next;
}

long note(struct run *r, long value, int err)
{
	size_t at = strlen(r->notes);

	if (value == -1)
		snprintf(r->notes + at, sizeof(r->notes) - at, " %s",
			 strerrorname_np(err));
	else
		snprintf(r->notes + at, sizeof(r->notes) - at, " %ld", value);
	return value;
}

long note_fd(struct run *r, long fd, int err)
{
	note(r, fd < 0 ? -1 : 0, err);
	return fd;
}

/* What most situations begin with. */
int sock(struct run *r)
{
	return xt_socket(&r->x, 0);
}

int bound(struct run *r, uint16_t port)
{
	int fd = sock(r);

	R(xt_bind(&r->x, fd, port));
	return fd;
}

int listening(struct run *r, uint16_t *port)
{
	*port = 0;
	return xt_listener(&r->x, 8, port);
}

void pair(struct run *r, int fd[2])
{
	if (xt_pair(&r->x, fd))
		R(-1);
}

/* A connection whose peer has sent RST, and we have seen it. */
int reset(struct run *r)
{
	struct linger linger = { .l_onoff = 1 };
	int fd[2];

	pair(r, fd);
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd[1]);
	xt_wait_state(fd[0], XTCP_CLOSE);
	return fd[0];
}

bool arrived(int fd, uint64_t bytes)
{
	long long end = xt_now_ms() + XT_SOON_MS;
	struct tcp_info info;
	socklen_t len;

	do {
		len = sizeof(info);
		if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
			return false;
		if (info.tcpi_bytes_received >= bytes)
			return true;
		xt_sleep_ms(1);
	} while (xt_now_ms() < end);
	return false;
}

/* A way to nowhere: neighbours that nobody has. */
void black_hole(const struct xt *x, union xt_addr *a)
{
	xt_parse(x, a, "192.0.2.2", "2001:db8::2", 7);
	if (if_nametoindex("hole"))
		return;
	if (system("ip link add hole type veth peer name drain && "
		   "ip link set hole up && ip link set drain up && "
		   "ip addr add 192.0.2.1/24 brd + dev hole && "
		   "ip addr add 2001:db8::1/64 dev hole nodad && "
		   "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev hole && "
		   "ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev hole && "
		   "ip route add default via 192.0.2.2 && "
		   "ip route add default via 2001:db8::2"))
		abort();
}

int connecting(struct run *r)
{
	int fd = xt_socket(&r->x, SOCK_NONBLOCK);
	union xt_addr a;

	black_hole(&r->x, &a);
	R(connect(fd, &a.sa, sizeof(a)));
	return fd;
}

/* Running them */

static void run_one(struct run *r, const struct situation *s, enum xt_door door)
{
	xt_door(&r->x, door);
	s->fn(r);
}

/* 0: alike; else what went wrong is in @shared's notes, or nothing was. */
static int run_both(const struct situation *s, struct run *shared,
		    enum xt_door tcp, enum xt_door door)
{
	int status;
	pid_t pid;

	memset(shared, 0, 2 * sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_IGN);
		if (xt_new_netns())
			_exit(1);
		alarm(SITUATION_TIMEOUT_S);
		run_one(&shared[0], s, tcp);
		/* TCP's ports and XTCP's are apart, TCP's and TCP's are not. */
		if (xt_over_tcp() && xt_new_netns())
			_exit(1);
		run_one(&shared[1], s, door);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("# %s: does not end\n", s->name);
	if (status)
		return -1;
	return strcmp(shared[0].notes, shared[1].notes);
}

static const struct {
	const char *name;
	enum xt_door tcp, door;
	unsigned int kind;
} doors[] = {
	{ "ipv4", XT_TCP4, XT_IPV4, ON_XTCP_FAMILY },
	{ "ipv6", XT_TCP6, XT_IPV6, ON_XTCP_FAMILY },
	{ "inet", XT_TCP4, XT_INET, ON_INET_FAMILY },
	{ "inet6", XT_TCP6, XT_INET6, ON_INET_FAMILY },
};

static struct {
	bool one_door, verbose;
	const char *part;
} options;

/* Does situation @s, number @n, go through @door? */
static bool wanted(const struct situation *s, unsigned int n, size_t door)
{
	size_t i, open = 0, turn = 0;

	if (!(s->doors & doors[door].kind) ||
	    (options.part && !strstr(s->name, options.part)))
		return false;
	if (!options.one_door)
		return true;
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		turn += i < door && (s->doors & doors[i].kind);
		open += !!(s->doors & doors[i].kind);
	}
	return n % open == turn;
}

int main(int argc, char **argv)
{
	struct situation *s;
	struct run *shared;
	unsigned int n, plan = 0;
	size_t i;
	int opt;

	while ((opt = getopt(argc, argv, "1v")) != -1) {
		if (opt == '1')
			options.one_door = true;
		else if (opt == 'v')
			options.verbose = true;
		else
			return KSFT_FAIL;
	}
	if (optind < argc)
		options.part = argv[optind];
	shared = mmap(NULL, 2 * sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return KSFT_FAIL;
	ksft_print_header();
	for (i = 0; i < ARRAY_SIZE(doors); i++)
		for (s = first, n = 0; s; s = s->next, n++)
			plan += wanted(s, n, i);
	ksft_set_plan(plan);
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		for (s = first, n = 0; s; s = s->next, n++) {
			int diff;

			if (!wanted(s, n, i))
				continue;
			diff = run_both(s, shared, doors[i].tcp, doors[i].door);
			if (diff || options.verbose) {
				printf("# %s.%s:\n", doors[i].name, s->name);
				printf("#   TCP: %s\n", shared[0].notes);
				printf("#   XTCP:%s\n", shared[1].notes);
			}
			ksft_test_result(!diff, "%s.%s\n", doors[i].name,
					 s->name);
		}
	}
	ksft_finished();
}
