// SPDX-License-Identifier: GPL-2.0
/*
 * The dynamic linker ignores LD_PRELOAD, without a word, for setuid programs
 * and for those of another architecture; static programs have no dynamic
 * linker at all.  Such a program would quietly run over TCP, so find out
 * before it starts.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "target.h"

/* As the kernel: a script's interpreter may be a script, four times over. */
#define SCRIPT_DEPTH 4

const char *target_find(const char *command, char *path, size_t size)
{
	const char *dir = getenv("PATH"), *end;
	struct stat st;
	int err = ENOENT;
	int n;

	if (strchr(command, '/')) {
		if ((size_t)snprintf(path, size, "%s", command) >= size) {
			errno = ENAMETOOLONG;
			return NULL;
		}
		if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
			errno = EISDIR;
			return NULL;
		}
		return access(path, X_OK) ? NULL : path;
	}
	if (!dir)
		dir = "/bin:/usr/bin";
	for (; *command; dir = end + 1) {
		end = strchrnul(dir, ':');
		/* an empty entry is the current directory */
		n = snprintf(path, size, "%.*s/%s", end == dir ? 1 : (int)(end - dir),
			     end == dir ? "." : dir, command);
		if (n >= 0 && (size_t)n < size && !stat(path, &st) &&
		    S_ISREG(st.st_mode)) {
			if (!access(path, X_OK))
				return path;
			err = EACCES;
		}
		if (!*end)
			break;
	}
	errno = err;
	return NULL;
}

/* Will the kernel start it in secure mode, where LD_PRELOAD does not count? */
static const char *check_privileges(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
		return "is setuid: the dynamic linker does not preload into it";
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    st.st_gid != getgid())
		return "is setgid: the dynamic linker does not preload into it";
	if (getuid() && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return "has file capabilities: the dynamic linker does not preload into it";
	return NULL;
}

/* Of our own word size, 32 or 64 bits: a program of the other one is refused. */
typedef ElfW(Ehdr) elf_header;
typedef ElfW(Phdr) elf_segment;

static bool same_machine(const elf_header *ehdr)
{
	elf_header own;
	bool same = false;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return true;	/* cannot tell */
	if (pread(fd, &own, sizeof(own), 0) == sizeof(own))
		same = own.e_ident[EI_CLASS] == ehdr->e_ident[EI_CLASS] &&
		       own.e_ident[EI_DATA] == ehdr->e_ident[EI_DATA] &&
		       own.e_machine == ehdr->e_machine;
	close(fd);
	return same;
}

static const char *check_elf(int fd, const elf_header *ehdr)
{
	elf_segment phdr;
	int i;

	if (!same_machine(ehdr))
		return "is built for another architecture than xtcp-run";
	for (i = 0; i < ehdr->e_phnum; i++) {
		if (pread(fd, &phdr, sizeof(phdr),
			  ehdr->e_phoff + (off_t)i * ehdr->e_phentsize) != sizeof(phdr))
			return "is damaged: its program headers are cut off";
		if (phdr.p_type == PT_INTERP)
			return NULL;
	}
	return "is statically linked: nothing can be preloaded into it";
}

/* "#! /path/of/interpreter argument" */
static char *script_interpreter(char *text)
{
	char *start;

	if (text[0] != '#' || text[1] != '!')
		return NULL;
	start = text + 2 + strspn(text + 2, " \t");
	start[strcspn(start, " \t\n")] = '\0';
	return *start ? start : NULL;
}

const char *target_check(char *path)
{
	union {
		elf_header ehdr;
		char text[256];		/* as much of a "#!" as the kernel reads */
	} head;
	const char *reason, *next;
	int depth, fd;

	for (depth = 0; depth <= SCRIPT_DEPTH; depth++) {
		memset(&head, 0, sizeof(head));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			/* executable but not readable: let it run, unchecked */
			return errno == EACCES && !access(path, X_OK) ?
				NULL : strerror(errno);
		if (pread(fd, &head, sizeof(head) - 1, 0) >= (ssize_t)sizeof(head.ehdr) &&
		    !memcmp(head.ehdr.e_ident, ELFMAG, SELFMAG)) {
			reason = check_privileges(fd);
			if (!reason)
				reason = check_elf(fd, &head.ehdr);
			close(fd);
			return reason;
		}
		close(fd);
		next = script_interpreter(head.text);
		if (!next)
			return NULL;	/* exec will tell */
		strcpy(path, next);
	}
	return NULL;
}
