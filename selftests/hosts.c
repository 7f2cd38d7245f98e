// SPDX-License-Identifier: GPL-2.0
/* Two namespaces and two links; see hosts.h. */
#define _GNU_SOURCE
#include "hosts.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int this_ns(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

int hosts_enter(const struct hosts *h, int i)
{
	return setns(h->ns[i], CLONE_NEWNET);
}

/* One process of sh, or of ip for many lines. */
static int run(const struct hosts *h, int i, const char *command,
	       const char *input)
{
	FILE *f;
	int ret;

	if (hosts_enter(h, i))
		return -1;
	f = popen(command, "w");
	if (hosts_enter(h, 0) || !f)
		return -1;
	ret = fputs(input, f) < 0;
	return pclose(f) || ret ? -1 : 0;
}

int hosts_ip(const struct hosts *h, int i, const char *format, ...)
{
	char lines[2048];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(lines, sizeof(lines), format, args);
	va_end(args);
	if (len >= (int)sizeof(lines))
		return -1;
	return run(h, i, "exec ip -batch - >/dev/null 2>&1", lines);
}

static int write_in(const struct hosts *h, int i, const char *path,
		    const char *text)
{
	if (hosts_enter(h, i) || xt_write_file(path, text))
		return -1;
	return hosts_enter(h, 0);
}

int hosts_sysctl(const struct hosts *h, int i, const char *path,
		 const char *text)
{
	int ret = write_in(h, i, path, text);

	return hosts_enter(h, 0) ? -1 : ret;
}

/* Somebody who stays in this namespace, so that it can be named. */
static pid_t stay_here(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int set_up(const struct hosts *h, int i)
{
	int n = i + 1;

	/* orphans hold their namespace, and the module, until they give up */
	if (!xt_over_tcp() &&
	    hosts_sysctl(h, i, "/proc/sys/net/xtcp/orphan_retries", "2"))
		return -1;
	return hosts_ip(h, i,
			"link set lo up\nlink set l0 up\nlink set l1 up\n"
			"addr add 192.0.2.%d/24 dev l0\n"
			"addr add 198.51.100.%d/24 dev l1\n"
			"addr add 203.0.113.%d/32 dev lo\n"
			"addr add 2001:db8:1::%d/64 dev l0 nodad\n"
			"addr add 2001:db8:2::%d/64 dev l1 nodad\n"
			"addr add 2001:db8:3::%d/128 dev lo nodad\n"
			"addr add fe80::%d/64 dev l0 nodad\n"
			"addr add fe80::%d/64 dev l1 nodad\n",
			n, n, n, n, n, n, n, n);
}

static bool runs(const struct hosts *h, int i, const char *name)
{
	struct ifreq ifr = { };
	bool up = false;
	int fd;

	if (hosts_enter(h, i))
		return false;
	strcpy(ifr.ifr_name, name);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd >= 0) {
		up = !ioctl(fd, SIOCGIFFLAGS, &ifr) &&
		     ifr.ifr_flags & IFF_RUNNING;
		close(fd);
	}
	return !hosts_enter(h, 0) && up;
}

/* A link without carrier refuses, or forgets its addresses later. */
static bool carrier(const struct hosts *h, int i)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (!runs(h, i, "l0") || !runs(h, i, "l1")) {
		if (xt_now_ms() > end)
			return false;
		xt_sleep_ms(5);
	}
	return true;
}

int hosts_open(struct hosts *h)
{
	pid_t pid;
	int ret;

	h->ns[0] = this_ns();
	if (unshare(CLONE_NEWNET))
		return -1;
	h->ns[1] = this_ns();
	if (h->ns[0] < 0 || h->ns[1] < 0)
		return -1;
	pid = stay_here();
	if (pid < 0 || hosts_enter(h, 0))
		return -1;
	ret = hosts_ip(h, 0, "link add l0 type veth peer name l0 netns %d\n"
			     "link add l1 type veth peer name l1 netns %d\n",
		       pid, pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (ret || set_up(h, 0) || set_up(h, 1))
		return -1;
	return carrier(h, 0) && carrier(h, 1) ? 0 : -1;
}

int hosts_route(const struct hosts *h, int link)
{
	static const char * const net4[] = { "192.0.2", "198.51.100" };
	int i;

	for (i = 0; i < 2; i++) {
		int me = i + 1, other = 2 - i;

		if (hosts_ip(h, i, "route replace 203.0.113.%d via %s.%d "
			     "src 203.0.113.%d\n"
			     "route replace 2001:db8:3::%d "
			     "via 2001:db8:%d::%d src 2001:db8:3::%d\n",
			     other, net4[link], other, me, other, link + 1,
			     other, me))
			return -1;
	}
	return 0;
}

long long hosts_sent(const struct hosts *h, int i, int link)
{
	char text[4096], name[8];
	long long sent = -1;
	const char *at;

	if (hosts_enter(h, i))
		return -1;
	snprintf(name, sizeof(name), "l%d:", link);
	/* eight numbers about what came, then the bytes that went */
	if (xt_read_file("/proc/thread-self/net/dev", text, sizeof(text)) > 0) {
		at = strstr(text, name);
		if (at)
			sscanf(at + strlen(name),
			       "%*d %*d %*d %*d %*d %*d %*d %*d %lld", &sent);
	}
	return hosts_enter(h, 0) ? -1 : sent;
}
