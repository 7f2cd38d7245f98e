// SPDX-License-Identifier: GPL-2.0
/* A list again and again, with what each socket sent and received since. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "xss.h"

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int by_cookie(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;

	return memcmp(a->m.id.idiag_cookie, b->m.id.idiag_cookie,
		      sizeof(a->m.id.idiag_cookie));
}

/* The same socket in the list before; NULL: it is new, or has no numbers. */
static const struct entry *before(const struct entries *last,
				  const struct entry *e)
{
	const struct entry *found;

	if (!last->n || !e->info)
		return NULL;
	found = bsearch(e, last->all, last->n, sizeof(*e), by_cookie);
	return found && found->info ? found : NULL;
}

/* @out, @in: bytes a second, acknowledged and received. */
static void rates(const struct entries *last, const struct entry *e,
		  double elapsed_s, double *out, double *in)
{
	const struct entry *old = before(last, e);

	*out = 0;
	*in = 0;
	if (!old || elapsed_s <= 0)
		return;
	*out = (e->info->xtcpi_bytes_acked - old->info->xtcpi_bytes_acked) /
	       elapsed_s;
	*in = (e->info->xtcpi_bytes_received -
	       old->info->xtcpi_bytes_received) / elapsed_s;
}

static void show_rates(const struct entries *e, const struct entries *last,
		       const struct options *o, double elapsed_s)
{
	char local[128], peer[128], sends[32], takes[32];
	double out, in, all_out = 0, all_in = 0;
	int width[2] = { 18, 17 };	/* of the titles */
	size_t i;

	for (i = 0; i < e->n; i++) {
		format_name(local, sizeof(local), &e->all[i], true, o->numeric);
		format_name(peer, sizeof(peer), &e->all[i], false, o->numeric);
		if (width[0] < (int)strlen(local))
			width[0] = strlen(local);
		if (width[1] < (int)strlen(peer))
			width[1] = strlen(peer);
		rates(last, &e->all[i], elapsed_s, &out, &in);
		all_out += out;
		all_in += in;
	}
	format_bits(sends, sizeof(sends), all_out);
	format_bits(takes, sizeof(takes), all_in);
	printf("%zu sockets, sending %s, receiving %s\n", e->n, sends, takes);
	if (!o->no_header)
		printf("%-11s %*s %-*s %10s %10s %9s %9s %8s\n", "State",
		       width[0], "Local Address:Port", width[1],
		       "Peer Address:Port", "Sends", "Receives", "RTT ms",
		       "cwnd", "Resent");
	for (i = 0; i < e->n; i++) {
		const struct entry *a = &e->all[i];
		const struct xtcp_info *info = a->info;

		format_name(local, sizeof(local), a, true, o->numeric);
		format_name(peer, sizeof(peer), a, false, o->numeric);
		rates(last, a, elapsed_s, &out, &in);
		format_bits(sends, sizeof(sends), out);
		format_bits(takes, sizeof(takes), in);
		printf("%-11s %*s %-*s %10s %10s %9.3f %9u %8llu\n",
		       state_name(a->m.idiag_state), width[0], local, width[1],
		       peer, sends, takes,
		       info ? info->xtcpi_srtt_us / 1e3 : 0,
		       info ? info->xtcpi_snd_cwnd_bytes : 0,
		       info ? (unsigned long long)info->xtcpi_bytes_retrans : 0);
	}
}

static void wait_s(double s)
{
	struct timespec t = {
		.tv_sec = s,
		.tv_nsec = (s - (long)s) * 1e9,
	};

	nanosleep(&t, NULL);
}

void watch(const struct question *q, const struct options *o)
{
	bool screen = isatty(STDOUT_FILENO) && !o->json;
	struct entries last = {}, now;
	double then = 0, t;
	unsigned long i;

	for (i = 0; !o->count || i < o->count; i++) {
		if (i)
			wait_s(o->watch_s);
		t = now_s();
		ask(q, &now);
		if (screen)
			fputs("\033[H\033[J", stdout);	/* home; clear */
		if (o->json) {
			if (o->processes)
				processes_read();
			show_json(&now, o);
		} else {
			show_rates(&now, &last, o, i ? t - then : 0);
			if (!screen)
				putchar('\n');
		}
		fflush(stdout);
		if (ferror(stdout))
			break;
		entries_free(&last);
		last = now;
		if (last.n)
			qsort(last.all, last.n, sizeof(*last.all), by_cookie);
		then = t;
	}
	entries_free(&last);
}
