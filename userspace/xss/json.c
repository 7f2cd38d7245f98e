// SPDX-License-Identifier: GPL-2.0
/* An array of objects, one per socket.  Text in it is ours, but for names. */
#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "xss.h"

static void put_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_name(const struct entry *e, bool local)
{
	const struct inet_diag_sockid *id = &e->m.id;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(e->m.idiag_family, local ? id->idiag_src : id->idiag_dst, text,
		  sizeof(text));
	printf(", \"%s_address\": ", local ? "local" : "peer");
	put_text(text);
	printf(", \"%s_port\": %u", local ? "local" : "peer",
	       ntohs(local ? id->idiag_sport : id->idiag_dport));
}

static void put_number(const char *name, uint64_t n)
{
	printf(", \"%s\": %llu", name, (unsigned long long)n);
}

static void put_processes(const struct entry *e)
{
	const struct user *u;
	size_t i, n;

	u = processes_of(e->m.idiag_inode, &n);
	printf(", \"processes\": [");
	for (i = 0; i < n; i++) {
		printf("%s{\"name\": ", i ? ", " : "");
		put_text(u[i].name);
		printf(", \"pid\": %d, \"fd\": %d}", u[i].pid, u[i].fd);
	}
	putchar(']');
}

static void put_memory(const struct entry *e)
{
	static const char * const names[SK_MEMINFO_VARS] = {
		[SK_MEMINFO_RMEM_ALLOC] = "rmem_alloc",
		[SK_MEMINFO_RCVBUF] = "rcvbuf",
		[SK_MEMINFO_WMEM_ALLOC] = "wmem_alloc",
		[SK_MEMINFO_SNDBUF] = "sndbuf",
		[SK_MEMINFO_FWD_ALLOC] = "fwd_alloc",
		[SK_MEMINFO_WMEM_QUEUED] = "wmem_queued",
		[SK_MEMINFO_OPTMEM] = "optmem",
		[SK_MEMINFO_BACKLOG] = "backlog",
		[SK_MEMINFO_DROPS] = "drops",
	};
	unsigned int i;

	for (i = 0; i < SK_MEMINFO_VARS; i++)
		if (names[i])
			put_number(names[i], e->skmem[i]);
}

static void put_info(const struct entry *e)
{
	const struct xtcp_info *i = e->info;

	printf(", \"congestion\": ");
	put_text(i->xtcpi_ca_name);
#define PUT(field) put_number(#field, i->xtcpi_##field)
	PUT(ca_state);
	PUT(backoff);
	PUT(probes);
	PUT(retransmits);
	PUT(rto_us);
	PUT(srtt_us);
	PUT(rttvar_us);
	PUT(min_rtt_us);
	PUT(snd_mss);
	PUT(rcv_mss);
	PUT(advmss);
	PUT(pmtu);
	PUT(snd_cwnd_bytes);
	PUT(snd_ssthresh_bytes);
	PUT(snd_wnd_bytes);
	PUT(rcv_wnd_bytes);
	PUT(unacked_bytes);
	PUT(notsent_bytes);
	PUT(unread_bytes);
	PUT(ofo_bytes);
	PUT(bytes_sent);
	PUT(bytes_retrans);
	PUT(bytes_acked);
	PUT(bytes_received);
	PUT(segs_out);
	PUT(segs_in);
	PUT(data_segs_out);
	PUT(data_segs_in);
	PUT(pacing_rate);
	PUT(total_rto);
	PUT(dsack_dups);
	PUT(ofo_segs);
	PUT(features);
	PUT(delivery_rate);
	PUT(delivered_bytes);
	PUT(lost_bytes);
	PUT(delivery_rate_app_limited);
	PUT(snd_ce_bytes);
	PUT(rcv_ce_bytes);
#undef PUT
}

static void put_entry(const struct entry *e, const struct options *o)
{
	char device[IF_NAMESIZE];

	printf("{\"state\": ");
	put_text(state_name(e->m.idiag_state));
	put_number("recv_q", e->m.idiag_rqueue);
	put_number("send_q", e->m.idiag_wqueue);
	put_name(e, true);
	put_name(e, false);
	if (e->m.id.idiag_if &&
	    if_indextoname(e->m.id.idiag_if, device)) {
		printf(", \"device\": ");
		put_text(device);
	}
	put_number("uid", e->m.idiag_uid);
	put_number("inode", e->m.idiag_inode);
	if (e->m.id.idiag_cookie[0] != INET_DIAG_NOCOOKIE)
		put_number("cookie", (uint64_t)e->m.id.idiag_cookie[1] << 32 |
				     e->m.id.idiag_cookie[0]);
	if (e->has_mark)
		put_number("mark", e->mark);
	put_number("timer", e->m.idiag_timer);
	put_number("timer_expires_ms", e->m.idiag_expires);
	put_number("timer_retransmits", e->m.idiag_retrans);
	if (o->processes)
		put_processes(e);
	if (e->has_skmem)
		put_memory(e);
	if (e->info)
		put_info(e);
	putchar('}');
}

void show_json(const struct entries *e, const struct options *o)
{
	size_t i;

	putchar('[');
	for (i = 0; i < e->n; i++) {
		if (i)
			printf(",\n ");
		put_entry(&e->all[i], o);
	}
	puts("]");
}
