// SPDX-License-Identifier: GPL-2.0
/* A table for people. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "xss.h"

/* Columns: state, two queues, local and foreign address, process. */
enum { COL_STATE, COL_RECV, COL_SEND, COL_LOCAL, COL_PEER, COL_MORE, COLUMNS };

#define CELL_LEN	128
#define MORE_LEN	4096

static const char * const short_names[XTCP_NR_STATES] = {
	[XTCP_ESTABLISHED] = "ESTAB",
	[XTCP_SYN_SENT] = "SYN-SENT",
	[XTCP_SYN_RECV] = "SYN-RECV",
	[XTCP_FIN_WAIT1] = "FIN-WAIT-1",
	[XTCP_FIN_WAIT2] = "FIN-WAIT-2",
	[XTCP_TIME_WAIT] = "TIME-WAIT",
	[XTCP_CLOSE] = "UNCONN",
	[XTCP_CLOSE_WAIT] = "CLOSE-WAIT",
	[XTCP_LAST_ACK] = "LAST-ACK",
	[XTCP_LISTEN] = "LISTEN",
	[XTCP_CLOSING] = "CLOSING",
};

/* Text that grows to what its buffer holds. */
struct text {
	char *to;
	size_t size;
	size_t len;
};

static void say(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->to + t->len, t->size - t->len, format, args);
	va_end(args);
	if (n > 0)
		t->len += n;
	if (t->len >= t->size)
		t->len = t->size - 1;
}

/* ----------------------------------------------------------------- names */

static void say_port(struct text *t, unsigned int port, bool numeric)
{
	struct servent *service;

	if (!port) {
		say(t, ":*");
		return;
	}
	service = numeric ? NULL : getservbyport(htons(port), "tcp");
	if (service)
		say(t, ":%s", service->s_name);
	else
		say(t, ":%u", port);
}

void format_name(char *to, size_t size, const struct entry *e, bool local,
		 bool numeric)
{
	const struct inet_diag_sockid *id = &e->m.id;
	const void *addr = local ? id->idiag_src : id->idiag_dst;
	static const char any[16];
	struct text t = { to, size, 0 };
	char text[INET6_ADDRSTRLEN], device[IF_NAMESIZE];
	bool both_versions = e->m.idiag_family == AF_INET6 && !e->v6only &&
			     e->m.idiag_state == XTCP_LISTEN &&
			     !memcmp(addr, any, sizeof(any));

	inet_ntop(e->m.idiag_family, addr, text, sizeof(text));
	if (both_versions)
		say(&t, "*");
	else if (e->m.idiag_family == AF_INET6)
		say(&t, "[%s]", text);
	else
		say(&t, "%s", text);
	if (local && id->idiag_if) {
		if (if_indextoname(id->idiag_if, device))
			say(&t, "%%%s", device);
		else
			say(&t, "%%if%u", id->idiag_if);
	}
	say_port(&t, ntohs(local ? id->idiag_sport : id->idiag_dport), numeric);
}

static void say_processes(struct text *t, const struct entry *e)
{
	const struct user *u;
	size_t i, n;

	u = processes_of(e->m.idiag_inode, &n);
	if (!n)
		return;
	say(t, " users:(");
	for (i = 0; i < n; i++)
		say(t, "%s(\"%s\",pid=%d,fd=%d)", i ? "," : "", u[i].name,
		    u[i].pid, u[i].fd);
	say(t, ")");
}

/* --------------------------------------------------------------- details */

static void say_ms(struct text *t, unsigned int ms)
{
	unsigned int s = ms / 1000;

	if (s >= 60)
		say(t, "%umin%usec", s / 60, s % 60);
	else if (s >= 10)
		say(t, "%usec", s);
	else if (s)
		say(t, "%u.%03usec", s, ms % 1000);
	else
		say(t, "%ums", ms);
}

static void say_timer(struct text *t, const struct entry *e)
{
	static const char * const names[] = {
		[XTCP_DIAG_TIMER_RETRANS] = "on",
		[XTCP_DIAG_TIMER_KEEPALIVE] = "keepalive",
		[XTCP_DIAG_TIMER_TIMEWAIT] = "timewait",
		[XTCP_DIAG_TIMER_PROBE] = "persist",
	};
	unsigned int timer = e->m.idiag_timer;

	if (!timer || timer >= ARRAY_SIZE(names))
		return;
	say(t, " timer:(%s,", names[timer]);
	say_ms(t, e->m.idiag_expires);
	say(t, ",%u)", e->m.idiag_retrans);
}

static void say_extended(struct text *t, const struct entry *e)
{
	const uint32_t *cookie = e->m.id.idiag_cookie;

	if (e->m.idiag_uid)
		say(t, " uid:%u", e->m.idiag_uid);
	if (e->m.idiag_inode)
		say(t, " ino:%u", e->m.idiag_inode);
	if (cookie[0] != INET_DIAG_NOCOOKIE || cookie[1] != INET_DIAG_NOCOOKIE)
		say(t, " sk:%llx",
		    (unsigned long long)cookie[1] << 32 | cookie[0]);
	if (e->has_mark && e->mark)
		say(t, " fwmark:0x%x", e->mark);
	if (e->m.idiag_family == AF_INET6 && e->m.idiag_state == XTCP_LISTEN)
		say(t, " v6only:%d", e->v6only);
	/* As ss: what is shut is an arrow's missing head. */
	say(t, " %c-%c", e->shutdown & 1 ? '-' : '<',
	    e->shutdown & 2 ? '-' : '>');
}

static void say_memory(struct text *t, const struct entry *e)
{
	const uint32_t *m = e->skmem;

	if (e->has_skmem)
		say(t, " skmem:(r%u,rb%u,t%u,tb%u,f%u,w%u,o%u,bl%u,d%u)",
		    m[SK_MEMINFO_RMEM_ALLOC], m[SK_MEMINFO_RCVBUF],
		    m[SK_MEMINFO_WMEM_ALLOC], m[SK_MEMINFO_SNDBUF],
		    m[SK_MEMINFO_FWD_ALLOC], m[SK_MEMINFO_WMEM_QUEUED],
		    m[SK_MEMINFO_OPTMEM], m[SK_MEMINFO_BACKLOG],
		    m[SK_MEMINFO_DROPS]);
}

void format_bits(char *to, size_t size, double bytes_per_s)
{
	static const char * const units[] = { "", "K", "M", "G", "T" };
	double bits = 8 * bytes_per_s;
	unsigned int i = 0;

	while (bits >= 1000 && i < ARRAY_SIZE(units) - 1) {
		bits /= 1000;
		i++;
	}
	snprintf(to, size, "%.*f%sbps", i && bits < 100 ? 1 : 0, bits, units[i]);
}

static void say_rate(struct text *t, const char *name, uint64_t bytes_per_s)
{
	char rate[32];

	if (!bytes_per_s || bytes_per_s == UINT64_MAX)
		return;
	format_bits(rate, sizeof(rate), bytes_per_s);
	say(t, " %s %s", name, rate);
}

static void say_count(struct text *t, const char *name, uint64_t n)
{
	if (n)
		say(t, " %s:%llu", name, (unsigned long long)n);
}

/* Windows are in bytes: XTCP counts bytes, as ss's man page says of TCP's not. */
static void say_info(struct text *t, const struct entry *e)
{
	static const char * const ca_states[] = {
		"open", "recovery", "loss", "cwr",
	};
	const struct xtcp_info *i = e->info;

	if (!i)
		return;
	say(t, " %s", *e->cong ? e->cong : i->xtcpi_ca_name);
	if (i->xtcpi_state == XTCP_LISTEN)
		return;
	if (i->xtcpi_ca_state < ARRAY_SIZE(ca_states))
		say(t, " ca_state:%s", ca_states[i->xtcpi_ca_state]);
	say(t, " rto:%g", i->xtcpi_rto_us / 1e3);
	say_count(t, "backoff", i->xtcpi_backoff);
	say(t, " rtt:%g/%g minrtt:%g", i->xtcpi_srtt_us / 1e3,
	    i->xtcpi_rttvar_us / 1e3, i->xtcpi_min_rtt_us / 1e3);
	say(t, " mss:%u pmtu:%u rcvmss:%u advmss:%u", i->xtcpi_snd_mss,
	    i->xtcpi_pmtu, i->xtcpi_rcv_mss, i->xtcpi_advmss);
	say(t, " cwnd:%u", i->xtcpi_snd_cwnd_bytes);
	if (i->xtcpi_snd_ssthresh_bytes != UINT32_MAX)
		say(t, " ssthresh:%u", i->xtcpi_snd_ssthresh_bytes);
	say_count(t, "bytes_sent", i->xtcpi_bytes_sent);
	say_count(t, "bytes_retrans", i->xtcpi_bytes_retrans);
	say_count(t, "bytes_acked", i->xtcpi_bytes_acked);
	say_count(t, "bytes_received", i->xtcpi_bytes_received);
	say_count(t, "segs_out", i->xtcpi_segs_out);
	say_count(t, "segs_in", i->xtcpi_segs_in);
	say_count(t, "data_segs_out", i->xtcpi_data_segs_out);
	say_count(t, "data_segs_in", i->xtcpi_data_segs_in);
	say_rate(t, "pacing_rate", i->xtcpi_pacing_rate);
	say_rate(t, "delivery_rate", i->xtcpi_delivery_rate);
	if (i->xtcpi_delivery_rate_app_limited)
		say(t, " app_limited");
	say_count(t, "unacked", i->xtcpi_unacked_bytes);
	say_count(t, "notsent", i->xtcpi_notsent_bytes);
	say_count(t, "unread", i->xtcpi_unread_bytes);
	say_count(t, "lost", i->xtcpi_lost_bytes);
	say_count(t, "timeouts", i->xtcpi_total_rto);
	say_count(t, "probes", i->xtcpi_probes);
	say_count(t, "dsack_dups", i->xtcpi_dsack_dups);
	say_count(t, "ofo_segs", i->xtcpi_ofo_segs);
	say_count(t, "ofo", i->xtcpi_ofo_bytes);
	say_count(t, "snd_ce", i->xtcpi_snd_ce_bytes);
	say_count(t, "rcv_ce", i->xtcpi_rcv_ce_bytes);
	say(t, " snd_wnd:%u rcv_wnd:%u", i->xtcpi_snd_wnd_bytes,
	    i->xtcpi_rcv_wnd_bytes);
}

/* ----------------------------------------------------------------- table */

struct row {
	char cell[COLUMNS][CELL_LEN];
	char *more;	/* beside the last column */
	char *below;	/* on a line of its own, unless it is one */
};

static char *kept(const char *text)
{
	return strcpy(must_alloc(NULL, strlen(text) + 1), text);
}

static void fill_row(struct row *r, const struct entry *e,
		     const struct options *o)
{
	static char buffer[MORE_LEN];
	struct text t = { buffer, sizeof(buffer), 0 };
	unsigned int state = e->m.idiag_state;

	memset(r, 0, sizeof(*r));
	snprintf(r->cell[COL_STATE], CELL_LEN, "%s",
		 state < XTCP_NR_STATES && short_names[state] ?
		 short_names[state] : "UNKNOWN");
	snprintf(r->cell[COL_RECV], CELL_LEN, "%u", e->m.idiag_rqueue);
	snprintf(r->cell[COL_SEND], CELL_LEN, "%u", e->m.idiag_wqueue);
	format_name(r->cell[COL_LOCAL], CELL_LEN, e, true, o->numeric);
	format_name(r->cell[COL_PEER], CELL_LEN, e, false, o->numeric);
	buffer[0] = '\0';
	if (o->processes)
		say_processes(&t, e);
	if (o->timers)
		say_timer(&t, e);
	if (o->extended)
		say_extended(&t, e);
	r->more = kept(buffer);
	t.len = 0;
	buffer[0] = '\0';
	if (o->memory)
		say_memory(&t, e);
	if (o->info)
		say_info(&t, e);
	r->below = kept(buffer);
}

static void show_row(const struct row *r, const size_t *width, bool one_line)
{
	printf("%-*s %*s %*s %*s %-*s", (int)width[COL_STATE],
	       r->cell[COL_STATE], (int)width[COL_RECV], r->cell[COL_RECV],
	       (int)width[COL_SEND], r->cell[COL_SEND], (int)width[COL_LOCAL],
	       r->cell[COL_LOCAL], (int)width[COL_PEER], r->cell[COL_PEER]);
	fputs(r->more, stdout);
	if (*r->below)
		printf("%s%s", one_line ? "" : "\n\t", r->below);
	putchar('\n');
}

void show(const struct entries *e, const struct options *o)
{
	static const struct row titles = {
		.cell = { "State", "Recv-Q", "Send-Q", "Local Address:Port",
			  "Peer Address:Port" },
		.below = "",
	};
	struct row title = titles, *rows;
	size_t width[COLUMNS] = {}, i;
	int c;

	title.more = o->processes ? " Process" : "";
	rows = must_alloc(NULL, (e->n + 1) * sizeof(*rows));
	for (i = 0; i < e->n; i++)
		fill_row(&rows[i + 1], &e->all[i], o);
	rows[0] = title;
	for (i = o->no_header; i <= e->n; i++) {
		for (c = 0; c < COL_MORE; c++) {
			size_t len = strlen(rows[i].cell[c]);

			if (width[c] < len)
				width[c] = len;
		}
	}
	for (i = o->no_header; i <= e->n; i++)
		show_row(&rows[i], width, o->one_line);
	for (i = 1; i <= e->n; i++) {
		free(rows[i].more);
		free(rows[i].below);
	}
	free(rows);
}

void show_summary(const struct entries *e)
{
	size_t of[XTCP_NR_STATES] = {}, ip[2] = {}, orphans = 0, i;

	for (i = 0; i < e->n; i++) {
		const struct inet_diag_msg *m = &e->all[i].m;

		if (m->idiag_state < XTCP_NR_STATES)
			of[m->idiag_state]++;
		if (m->idiag_state == XTCP_TIME_WAIT)
			continue;
		ip[m->idiag_family == AF_INET6]++;
		/* ESTABLISHED ones without a file wait for accept(). */
		if (!m->idiag_inode && m->idiag_state != XTCP_ESTABLISHED &&
		    m->idiag_state != XTCP_CLOSE_WAIT)
			orphans++;
	}
	printf("Total: %zu\n", e->n);
	printf("XTCP:  %zu (estab %zu, listen %zu, closing %zu, orphaned %zu, timewait %zu)\n\n",
	       e->n, of[XTCP_ESTABLISHED], of[XTCP_LISTEN],
	       of[XTCP_FIN_WAIT1] + of[XTCP_FIN_WAIT2] + of[XTCP_CLOSING] +
	       of[XTCP_LAST_ACK] + of[XTCP_CLOSE_WAIT], orphans,
	       of[XTCP_TIME_WAIT]);
	printf("%-9s %-8s %-8s %s\n", "Transport", "Total", "IP", "IPv6");
	printf("%-9s %-8zu %-8zu %zu\n", "XTCP", ip[0] + ip[1], ip[0], ip[1]);
}
