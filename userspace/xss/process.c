// SPDX-License-Identifier: GPL-2.0
/* Whose descriptors refer to a socket: /proc/PID/fd. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xss.h"

static struct user *users;
static size_t n_users, room;

static void name_of(const char *pid, char *to, size_t size)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "r");
	if (!f || !fgets(to, size, f))
		snprintf(to, size, "?");
	to[strcspn(to, "\n")] = '\0';
	if (f)
		fclose(f);
}

static void add(unsigned long inode, const char *pid, int fd, char *name)
{
	struct user *u;

	if (!*name)
		name_of(pid, name, sizeof(u->name));
	if (n_users == room) {
		room = room ? 2 * room : 256;
		users = must_alloc(users, room * sizeof(*users));
	}
	u = &users[n_users++];
	u->inode = inode;
	u->pid = atoi(pid);
	u->fd = fd;
	memcpy(u->name, name, sizeof(u->name));
}

static void read_process(const char *pid)
{
	char path[600], target[64], name[sizeof(users->name)] = "";
	unsigned long inode;
	struct dirent *d;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;		/* somebody else's, or gone */
	while ((d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, d->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) == 1)
			add(inode, pid, atoi(d->d_name), name);
	}
	closedir(dir);
}

static int by_inode(const void *one, const void *other)
{
	const struct user *a = one, *b = other;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return a->pid != b->pid ? a->pid - b->pid : a->fd - b->fd;
}

void processes_read(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;

	n_users = 0;
	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			read_process(d->d_name);
	closedir(dir);
	if (n_users)
		qsort(users, n_users, sizeof(*users), by_inode);
}

const struct user *processes_of(unsigned long inode, size_t *n)
{
	size_t low = 0, high = n_users;

	*n = 0;
	if (!inode)
		return NULL;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (users[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + *n < n_users && users[low + *n].inode == inode)
		(*n)++;
	return *n ? &users[low] : NULL;
}
