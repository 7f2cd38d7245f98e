// SPDX-License-Identifier: GPL-2.0
/*
 * What one connection can tell of itself: struct xtcp_info, and the same in
 * TCP's struct tcp_info for programs that ask for that.
 */
#include <linux/tcp.h>

#include "sockets.h"

static u32 xtcp_unread(const struct xtcp_sock *xs)
{
	return xs->rcv_nxt - xs->copied_seq - xs->fin_rcvd;
}

/* Milliseconds since @then_us; 0: it never was. */
static u32 xtcp_ms_ago(u64 then_us, u64 now_us)
{
	return then_us && now_us > then_us ?
	       div_u64(now_us - then_us, USEC_PER_MSEC) : 0;
}

/* The fields that came later. */
static void xtcp_get_more_info(struct sock *sk, struct xtcp_info *info)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u64 now_us = xtcp_now_us();

	info->xtcpi_sacked_bytes = xs->sacked_out;
	info->xtcpi_lost_out_bytes = xs->lost_out;
	info->xtcpi_retrans_out_bytes = xs->retrans_out;
	info->xtcpi_reordering = xs->rack.reordering;
	info->xtcpi_rcv_rtt_us = xs->rcv_rtt_us;
	info->xtcpi_rcv_space_bytes = xs->rcvq_space;
	info->xtcpi_last_data_sent_ms = xtcp_ms_ago(xs->last_send_us, now_us);
	info->xtcpi_last_rcv_ms = xtcp_ms_ago(xs->last_rcv_us, now_us);
	info->xtcpi_max_pacing_rate = READ_ONCE(sk->sk_max_pacing_rate);
}

/**
 * xtcp_get_info - XTCP_INFO
 * @sk: socket, locked
 * @info: out
 */
void xtcp_get_info(struct sock *sk, struct xtcp_info *info)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	memset(info, 0, sizeof(*info));
	info->xtcpi_state = sk->sk_state;
	info->xtcpi_ca_state = xs->ca_state;
	strscpy(info->xtcpi_ca_name, xs->ca_ops->name,
		sizeof(info->xtcpi_ca_name));
	if (xtcp_state_in(sk, XTCPF(XTCP_LISTEN))) {
		info->xtcpi_accept_queue = READ_ONCE(sk->sk_ack_backlog);
		info->xtcpi_accept_max = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	xtcp_get_more_info(sk, info);
	info->xtcpi_backoff = xs->backoff;
	info->xtcpi_probes = xs->probes_out + xs->keep_probes;
	info->xtcpi_retransmits = xs->retransmits;
	info->xtcpi_rto_us = xtcp_rtt_rto(&xs->rtt, xs->backoff);
	info->xtcpi_srtt_us = xtcp_srtt_us(&xs->rtt);
	info->xtcpi_rttvar_us = xs->rtt.rttvar_us >> 2;
	info->xtcpi_min_rtt_us = xs->rtt.min_rtt_us;
	info->xtcpi_snd_mss = xs->mss;
	info->xtcpi_rcv_mss = xs->rcv_mss;
	info->xtcpi_advmss = xs->advmss;
	info->xtcpi_pmtu = xs->pmtu;
	info->xtcpi_snd_cwnd_bytes = xs->cong.cwnd;
	info->xtcpi_snd_ssthresh_bytes = xs->cong.ssthresh;
	info->xtcpi_snd_wnd_bytes = xs->snd_wnd;
	info->xtcpi_rcv_wnd_bytes = xtcp_receive_window(xs);
	info->xtcpi_unacked_bytes = xs->snd_nxt - xs->snd_una;
	info->xtcpi_notsent_bytes = xs->write_seq - xs->snd_nxt;
	info->xtcpi_unread_bytes = xtcp_unread(xs);
	info->xtcpi_ofo_bytes = xs->ofo_bytes;
	info->xtcpi_bytes_sent = xs->bytes_sent;
	info->xtcpi_bytes_retrans = xs->bytes_retrans;
	info->xtcpi_bytes_acked = xs->bytes_acked;
	info->xtcpi_bytes_received = xs->bytes_received;
	info->xtcpi_segs_out = xs->segs_out;
	info->xtcpi_segs_in = xs->segs_in;
	info->xtcpi_data_segs_out = xs->data_segs_out;
	info->xtcpi_data_segs_in = xs->data_segs_in;
	info->xtcpi_pacing_rate = READ_ONCE(sk->sk_pacing_rate);
	info->xtcpi_total_rto = xs->total_rto;
	info->xtcpi_dsack_dups = xs->dsack_dups;
	info->xtcpi_ofo_segs = xs->ofo_segs;
	info->xtcpi_features = xs->features;
	info->xtcpi_delivery_rate = xtcp_delivery_rate(xs);
	info->xtcpi_delivery_rate_app_limited = xs->rate_app_limited;
	info->xtcpi_delivered_bytes = xs->delivered;
	info->xtcpi_lost_bytes = xs->lost;
	info->xtcpi_snd_ce_bytes = xs->snd_ce_bytes;
	info->xtcpi_rcv_ce_bytes = xs->rcv_ce_bytes;
}

/* TCP's names for where recovery stands. */
static u8 xtcp_tcp_ca_state(const struct xtcp_sock *xs)
{
	switch (xs->ca_state) {
	case XTCP_CA_RECOVERY:
		return TCP_CA_Recovery;
	case XTCP_CA_LOSS:
		return TCP_CA_Loss;
	default:
		return TCP_CA_Open;
	}
}

/**
 * xtcp_get_tcp_info - TCP_INFO
 * @sk: socket, locked
 * @info: out; what has no counterpart here stays 0
 *
 * TCP counts windows in segments, so bytes are divided by the segment size.
 */
void xtcp_get_tcp_info(struct sock *sk, struct tcp_info *info)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 mss = max(xs->mss, 1u);
	u64 now_us = xtcp_now_us();

	memset(info, 0, sizeof(*info));
	info->tcpi_state = sk->sk_state;
	info->tcpi_ca_state = xtcp_tcp_ca_state(xs);
	if (sk->sk_state == XTCP_LISTEN) {
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	info->tcpi_retransmits = xs->retransmits;
	info->tcpi_probes = xs->probes_out + xs->keep_probes;
	info->tcpi_backoff = xs->backoff;
	info->tcpi_options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK;
	info->tcpi_rto = xtcp_rtt_rto(&xs->rtt, xs->backoff);
	info->tcpi_ato = XTCP_DELACK_US;
	info->tcpi_snd_mss = xs->mss;
	info->tcpi_rcv_mss = xs->rcv_mss;
	info->tcpi_unacked = DIV_ROUND_UP(xs->snd_nxt - xs->snd_una, mss);
	info->tcpi_sacked = DIV_ROUND_UP(xs->sacked_out, mss);
	info->tcpi_lost = DIV_ROUND_UP(xs->lost_out, mss);
	info->tcpi_retrans = DIV_ROUND_UP(xs->retrans_out, mss);
	info->tcpi_last_data_sent = xtcp_ms_ago(xs->last_send_us, now_us);
	info->tcpi_last_data_recv = xtcp_ms_ago(xs->last_rcv_us, now_us);
	info->tcpi_last_ack_recv = info->tcpi_last_data_recv;
	info->tcpi_pmtu = xs->pmtu;
	info->tcpi_rcv_ssthresh = xtcp_receive_window(xs);
	info->tcpi_rtt = xtcp_srtt_us(&xs->rtt);
	info->tcpi_rttvar = xs->rtt.rttvar_us >> 2;
	info->tcpi_snd_ssthresh = xs->cong.ssthresh == XTCP_INFINITE_SSTHRESH ?
				  0x7fffffff : xs->cong.ssthresh / mss;
	info->tcpi_snd_cwnd = max(xs->cong.cwnd / mss, 1u);
	info->tcpi_advmss = xs->advmss;
	info->tcpi_rcv_rtt = xs->rcv_rtt_us;
	info->tcpi_reordering = XTCP_DUPTHRESH;
	info->tcpi_reord_seen = xs->rack.reordering;
	info->tcpi_rcv_space = xs->rcvq_space;
	info->tcpi_total_retrans = DIV_ROUND_UP_ULL(xs->bytes_retrans, mss);
	info->tcpi_pacing_rate = READ_ONCE(sk->sk_pacing_rate);
	info->tcpi_max_pacing_rate = READ_ONCE(sk->sk_max_pacing_rate);
	info->tcpi_bytes_acked = xs->bytes_acked;
	info->tcpi_bytes_received = xs->bytes_received;
	info->tcpi_segs_out = xs->segs_out;
	info->tcpi_segs_in = xs->segs_in;
	info->tcpi_notsent_bytes = xs->write_seq - xs->snd_nxt;
	info->tcpi_min_rtt = xs->rtt.min_rtt_us;
	info->tcpi_data_segs_in = xs->data_segs_in;
	info->tcpi_data_segs_out = xs->data_segs_out;
	info->tcpi_bytes_sent = xs->bytes_sent;
	info->tcpi_bytes_retrans = xs->bytes_retrans;
	info->tcpi_dsack_dups = xs->dsack_dups;
	info->tcpi_rcv_ooopack = xs->ofo_segs;
	info->tcpi_delivered_ce = xs->snd_ce_bytes / mss;
	info->tcpi_snd_wnd = xs->snd_wnd;
	info->tcpi_delivery_rate = xtcp_delivery_rate(xs);
	info->tcpi_delivery_rate_app_limited = xs->rate_app_limited;
	info->tcpi_delivered = div_u64(xs->delivered, mss);
}
