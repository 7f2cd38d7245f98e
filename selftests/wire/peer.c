// SPDX-License-Identifier: GPL-2.0
/* A receiver and a path; see peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PORT	4000
#define SNDBUF	400000

int peer_open(struct peer *p, struct wire *w, struct conn *c,
	      unsigned int rtt_us)
{
	int listener;

	memset(p, 0, sizeof(*p));
	p->c = c;
	p->rtt_us = rtt_us;
	p->ts_least = -1;
	w->rtt_ms = rtt_us / 1000;
	w->window = 1000000;
	if (xt_write_file("/proc/sys/net/xtcp/congestion_control", "reno"))
		return -1;
	listener = wire_listener(w, PORT, 8);
	if (listener < 0 || conn_open_passive(c, w, listener))
		return -1;
	conn_quiet(c, 50);
	p->start = c->ack;
	p->ts_recent = c->tsecr;
	/* more than what net.core.wmem_max of older kernels allows */
	return xt_set(c->fd, SOL_SOCKET, SO_SNDBUFFORCE, SNDBUF);
}

int peer_write(struct peer *p, size_t len)
{
	static char zeros[SNDBUF];

	return send(p->c->fd, zeros, len, MSG_DONTWAIT) == (ssize_t)len ? 0 : -1;
}

/* ---- the receiver ---- */

/* Makes [from, to) the newest range, with all that touches it. */
static void add_range(struct peer *p, struct span new)
{
	unsigned int i, kept = 1;
	struct span old[PEER_RANGES];

	memcpy(old, p->range, sizeof(old));
	for (i = 0; i < p->ranges; i++) {
		if (old[i].to < new.from || new.to < old[i].from) {
			if (kept < PEER_RANGES)
				p->range[kept++] = old[i];
			continue;
		}
		if (old[i].from < new.from)
			new.from = old[i].from;
		if (old[i].to > new.to)
			new.to = old[i].to;
	}
	p->range[0] = new;
	p->ranges = kept;
}

/* What the ranges let become the front. */
static void advance(struct peer *p)
{
	unsigned int i = 0;

	while (i < p->ranges) {
		if (p->range[i].from > p->rcv_nxt) {
			i++;
			continue;
		}
		if (p->range[i].to > p->rcv_nxt)
			p->rcv_nxt = p->range[i].to;
		memmove(&p->range[i], &p->range[i + 1],
			(--p->ranges - i) * sizeof(p->range[0]));
		i = 0;
	}
}

static bool is_there(const struct peer *p, const struct span *s)
{
	unsigned int i;

	if (s->to <= p->rcv_nxt)
		return true;
	for (i = 0; i < p->ranges; i++)
		if (p->range[i].from <= s->from && s->to <= p->range[i].to)
			return true;
	return false;
}

static bool beyond(const struct peer *p, uint32_t seq)
{
	unsigned int i;

	for (i = 0; i < p->ranges; i++)
		if (p->range[i].from > seq)
			return true;
	return false;
}

static uint32_t held(const struct peer *p)
{
	uint32_t sum = p->rcv_nxt;
	unsigned int i;

	for (i = 0; i < p->ranges; i++)
		sum += p->range[i].to - p->range[i].from;
	return sum;
}

static struct event *new_event(struct peer *p, long long due_us, int sent)
{
	struct event *e = &p->event[p->events];

	if (p->events == PEER_EVENTS)
		return NULL;
	p->events++;
	memset(e, 0, sizeof(*e));
	e->due_us = due_us;
	e->sent = sent;
	return e;
}

/* Segment @n arrives: take it, and send an answer on its way. */
static void arrive(struct peer *p, unsigned int n)
{
	const struct sent *s = &p->log[n];
	struct span span = { s->seq, s->seq + s->len };
	struct answer a = { };
	struct event *e;
	unsigned int i;

	if (p->arrived)
		p->arrived(p, n);
	if (s->seq <= p->rcv_nxt && !before(s->tsval, p->ts_recent))
		p->ts_recent = s->tsval;
	if (is_there(p, &span)) {
		a.sack[a.sacks++] = span;
	} else {
		p->overtaken += !s->times && beyond(p, s->seq);
		add_range(p, span);
		advance(p);
	}
	if (held(p) > p->delivered)
		p->delivered = held(p);
	a.ack = p->rcv_nxt;
	a.tsecr = p->ts_recent;
	a.delivered = p->delivered;
	for (i = 0; i < p->ranges && a.sacks < PEER_SACKS; i++)
		a.sack[a.sacks++] = p->range[i];
	e = new_event(p, xt_now_us() + p->rtt_us, -1);
	if (e)
		e->answer = a;
}

static void send_answer(struct peer *p, const struct answer *a)
{
	uint32_t block[PEER_SACKS * 2];
	static struct seg s;
	unsigned int i;

	p->c->ack = p->start + a->ack;
	p->c->tsecr = a->tsecr;
	conn_seg(p->c, &s, ACK);
	for (i = 0; i < a->sacks; i++) {
		block[2 * i] = htonl(p->start + a->sack[i].from);
		block[2 * i + 1] = htonl(p->start + a->sack[i].to);
	}
	if (a->sacks)
		seg_add_option(&s, OPT_SACK, block, a->sacks * 8);
	wire_send(p->c->w, &s);
	if (p->n_acks < PEER_LOG) {
		p->acks[p->n_acks] = *a;
		p->acks[p->n_acks++].at_us = xt_now_us();
	}
}

/* ---- the path ---- */

static unsigned int times_sent(const struct peer *p, uint32_t seq)
{
	unsigned int i, times = 0;

	for (i = 0; i < p->n; i++)
		times += p->log[i].seq <= seq &&
			 seq < p->log[i].seq + p->log[i].len;
	return times;
}

static void note_lateness(struct peer *p, long long us)
{
	if (us > p->late_us)
		p->late_us = us;
}

/* Both clocks are the same one, but for where they start. */
static void note_reading(struct peer *p, const struct seg *s)
{
	uint32_t behind = (uint32_t)s->at_us - s->tsval;

	if (p->ts_least == -1u || before(behind, p->ts_least))
		p->ts_least = behind;
	note_lateness(p, behind - p->ts_least);
}

/* The kernel sent something. */
static void note(struct peer *p, const struct seg *s)
{
	struct sent *new = &p->log[p->n];
	long long late_us, start_us;

	if (s->sport != p->c->kernel || s->dport != p->c->us || !s->len ||
	    p->n == PEER_LOG)
		return;
	new->seq = s->seq - p->start;
	new->tsval = s->tsval;
	new->len = s->len;
	new->at_us = s->at_us;
	new->acks = p->n_acks;
	new->times = times_sent(p, new->seq);
	p->n++;
	note_reading(p, s);
	late_us = p->fate ? p->fate(p, p->n - 1) : 0;
	new->lost = late_us < 0;
	if (new->lost)
		return;
	start_us = p->busy_until_us > s->at_us ? p->busy_until_us : s->at_us;
	p->busy_until_us = start_us + p->slot_us;
	new_event(p, p->busy_until_us + late_us, p->n - 1);
}

static struct event *next_event(struct peer *p)
{
	struct event *first = NULL;
	unsigned int i;

	for (i = 0; i < p->events; i++)
		if (!first || p->event[i].due_us < first->due_us)
			first = &p->event[i];
	return first;
}

static void happen(struct peer *p, struct event *first)
{
	struct event e = *first;

	note_lateness(p, xt_now_us() - e.due_us);
	/* Those of the same time stay in order. */
	memmove(first, first + 1,
		(p->event + --p->events - first) * sizeof(*first));
	if (e.sent < 0)
		send_answer(p, &e.answer);
	else
		arrive(p, e.sent);
}

/* The next segment of the kernel's, or event, until @end_us; false: neither. */
static bool step(struct peer *p, long long end_us)
{
	struct event *e = next_event(p);
	static struct seg s;

	if (e && e->due_us < end_us)
		end_us = e->due_us;
	if (!wire_recv_until(p->c->w, &s, end_us)) {
		note(p, &s);
		return true;
	}
	if (!e || e->due_us > end_us)
		return false;
	happen(p, e);
	return true;
}

int peer_run(struct peer *p, uint32_t end)
{
	/* Timeouts may come in between, and be doubled a few times. */
	long long end_us = xt_now_us() + 2 * XT_SOON_MS * 1000LL;

	while (p->rcv_nxt < end || p->events)
		if (!step(p, end_us))
			return -1;
	return 0;
}

void peer_run_for(struct peer *p, long long us)
{
	long long end_us = xt_now_us() + us;

	while (step(p, end_us))
		;
}

/* ---- looking back ---- */

const struct sent *peer_find(const struct peer *p, uint32_t seq,
			     unsigned int times)
{
	unsigned int i;

	for (i = 0; i < p->n; i++)
		if (p->log[i].seq <= seq && seq < p->log[i].seq + p->log[i].len &&
		    p->log[i].times == times)
			return &p->log[i];
	return NULL;
}

unsigned int peer_resends(const struct peer *p)
{
	unsigned int i, n = 0;

	for (i = 0; i < p->n; i++)
		n += p->log[i].times > 0;
	return n;
}

long long peer_gap_us(const struct peer *p, uint32_t seq)
{
	const struct sent *first = peer_find(p, seq, 0);
	const struct sent *again = peer_find(p, seq, 1);

	return first && again ? (int32_t)(again->tsval - first->tsval) : -1;
}

long long peer_told_us(const struct peer *p, uint32_t seq)
{
	unsigned int i, k;

	for (i = 0; i < p->n_acks; i++) {
		const struct answer *a = &p->acks[i];

		if (a->ack > seq)
			return a->at_us;
		for (k = 0; k < a->sacks; k++)
			if (a->sack[k].to > seq)
				return a->at_us;
	}
	return -1;
}

void peer_print(const struct peer *p)
{
	long long first = p->n ? p->log[0].at_us : 0;
	unsigned int i, k, next = 0;

	for (i = 0; i <= p->n; i++) {
		for (; next < (i < p->n ? p->log[i].acks : p->n_acks); next++) {
			const struct answer *a = &p->acks[next];

			printf("# %9lld us  <- ack %u", a->at_us - first,
			       a->ack);
			for (k = 0; k < a->sacks; k++)
				printf(" %u-%u", a->sack[k].from, a->sack[k].to);
			printf("\n");
		}
		if (i < p->n)
			printf("# %9lld us  -> %u+%u%s%s\n",
			       p->log[i].at_us - first, p->log[i].seq,
			       p->log[i].len, p->log[i].times ? " again" : "",
			       p->log[i].lost ? " lost" : "");
	}
}
