/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xss: lists XTCP sockets, as ss lists others.
 *
 *   xss.c      options, and what they lead to
 *   filter.c   "state ..." and expressions into what the kernel filters by
 *   ask.c      the kernel, over netlink
 *   process.c  whose socket is it
 *   show.c     a table, and what stands below a socket with -i and alike
 *   json.c     the same for programs
 *   watch.c    again and again, with rates
 */
#ifndef XSS_H
#define XSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/xtcp_diag.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define STATE(s)	(1u << (s))
#define ALL_STATES	(STATE(XTCP_NR_STATES) - 2)
/* What ss lists unless told otherwise. */
#define OPEN_STATES	(ALL_STATES & ~(STATE(XTCP_LISTEN) | STATE(XTCP_CLOSE) | \
					STATE(XTCP_TIME_WAIT) | STATE(XTCP_SYN_RECV)))

/* The kernel takes so much; see XTCP_FILTER_MAX there. */
#define CODE_MAX	4096

struct options {
	bool numeric;
	bool processes;
	bool extended;
	bool info;
	bool memory;
	bool timers;
	bool kill;
	bool json;
	bool no_header;
	bool one_line;
	double watch_s;		/* 0: once */
	unsigned long count;	/* of lists to watch; 0: for ever */
};

/* What the kernel is asked for. */
struct question {
	uint32_t states;
	uint8_t ip;		/* AF_INET, AF_INET6 or 0 */
	uint8_t ext;		/* 1 << (INET_DIAG_* - 1) */
	uint32_t code[CODE_MAX / sizeof(uint32_t)];
	size_t code_len;
};

struct entry {
	struct inet_diag_msg m;
	struct xtcp_info *info;	/* NULL: not asked for */
	uint32_t skmem[SK_MEMINFO_VARS];
	bool has_skmem;
	bool v6only;
	bool has_mark;
	uint32_t mark;
	uint8_t shutdown;
	char cong[XTCP_CA_NAME_MAX];
};

struct entries {
	struct entry *all;
	size_t n;
	size_t room;
};

/* filter.c */
const char *state_name(unsigned int state);
void parse_filter(struct question *q, char **words, uint32_t default_states);

/* ask.c */
void ask_open(void);
void ask(const struct question *q, struct entries *to);
void entries_free(struct entries *e);
int ask_to_end(const struct entry *e);

/* process.c */
struct user {
	unsigned long inode;
	int pid;
	int fd;
	char name[64];
};

void processes_read(void);
const struct user *processes_of(unsigned long inode, size_t *n);

/* show.c */
void show(const struct entries *e, const struct options *o);
void show_summary(const struct entries *e);
void format_name(char *to, size_t size, const struct entry *e, bool local,
		 bool numeric);
void format_bits(char *to, size_t size, double bytes_per_s);

/* json.c */
void show_json(const struct entries *e, const struct options *o);

/* watch.c */
void watch(const struct question *q, const struct options *o);

/* all */
void *must_alloc(void *old, size_t size);

#endif /* XSS_H */
