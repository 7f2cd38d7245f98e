/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Raw segments: the other end of the wire is this program.
 *
 * A TUN device in a namespace of its own carries IP packets between the kernel
 * (192.0.2.1, 2001:db8::1) and us (192.0.2.2, 2001:db8::2).  Every field of a
 * segment can be set, the checksum and the lengths to wrong values, too.
 *
 * The code here shares nothing with the module, so that a mistake in its
 * reading of the protocol cannot hide in both.
 *
 * A kernel on a slow machine may retransmit while we look elsewhere.  So tests
 * wait for the segment that they mean (conn_await()), and only conn_quiet()
 * takes what comes in between for a fault.
 */
#ifndef WIRE_H
#define WIRE_H

#include "xtcp_test.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

#define HDR_LEN		28
#define OPT_MAX		992
#define DATA_MAX	9000

#define OPT_MSS		1
#define OPT_FEATURES	2
#define OPT_COOKIE	3
#define OPT_SACK	4
#define OPT_ECN		5

/* FEATURES, lowest byte */
#define FEATURE_ECN	1

/* The ECN field of the IP header */
#define NOT_ECT		0
#define ECT_0		2
#define CE		3

struct wire {
	struct xt x;
	int tun;
	uint8_t protocol;
	uint8_t kernel[16], us[16];	/* addresses, network order */
	unsigned int addr_len;
	uint32_t window;	/* that conn_init() gives a connection */
	uint8_t features;	/* that our SYNs offer or accept */
	uint8_t ecn;		/* of what we send */
	int rtt_ms;		/* conn_open_passive() answers so late */
};

struct seg {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t hlen, flags;	/* hlen 0 when sending: what is right */
	uint16_t check;
	uint32_t window, tsval, tsecr;
	uint16_t opt_len, len;
	uint8_t opt[OPT_MAX];
	uint8_t data[DATA_MAX];
	/* received */
	bool check_ok;
	uint8_t ecn;
	unsigned int hdr_len;
	long long at_ms, at_us;
	/* to send: deviations */
	uint8_t force_hlen;	/* unless 0; 0xff + force_hlen_zero below */
	bool force_hlen_zero;
	uint16_t xor_check;
	unsigned int cut;	/* bytes missing at the end */
};

/* Our half of a connection. */
struct conn {
	struct wire *w;
	uint16_t us, kernel;	/* ports */
	uint32_t seq, ack;	/* next that we send, next that we expect */
	uint32_t window;
	uint32_t ts_offset, tsecr;
	uint32_t last_tsval;	/* of conn_send() */
	uint8_t opt[OPT_MAX];	/* goes on what we send */
	uint16_t opt_len;
	uint8_t cookie[257];	/* the option of its SYN|ACK, whole */
	int fd;			/* the kernel's end */
};

int wire_open(struct wire *w, enum xt_door door);
void wire_close(struct wire *w);
/* Addresses of the two ends, for bind() and connect(). */
socklen_t wire_kernel_addr(const struct wire *w, union xt_addr *a, uint16_t port);
socklen_t wire_our_addr(const struct wire *w, union xt_addr *a, uint16_t port);
int wire_listener(struct wire *w, uint16_t port, int backlog);

int wire_send(struct wire *w, const struct seg *s);
int wire_send_bytes(struct wire *w, const void *payload, size_t len);
/* An ICMP error that quotes a segment of the kernel's with number @seq. */
struct conn;
int wire_send_icmp(struct conn *c, uint8_t type, uint8_t code, uint16_t mtu,
		   uint32_t seq);
/* "Port unreachable" that quotes only @len bytes of the segment. */
int wire_send_icmp_cut(struct conn *c, unsigned int len);
/* The next segment for us: 0, or -1 when none came. */
int wire_recv(struct wire *w, struct seg *s, int timeout_ms);
int wire_recv_until(struct wire *w, struct seg *s, long long end_us);

const uint8_t *seg_option(const struct seg *s, uint8_t kind);
void seg_add_option(struct seg *s, uint8_t kind, const void *data, uint8_t len);

void conn_init(struct conn *c, struct wire *w, uint16_t us, uint16_t kernel);
/* A segment of this connection, to be changed and sent by wire_send(). */
void conn_seg(const struct conn *c, struct seg *s, uint8_t flags);
int conn_send(struct conn *c, uint8_t flags, const void *data, uint16_t len);
int conn_syn(struct conn *c);
/* What we send says from now on, by SACK, that we hold [start, end). */
void conn_hold(struct conn *c, uint32_t start, uint32_t end);
/* The next segment of this connection. */
int conn_recv(struct conn *c, struct seg *s, int timeout_ms);
/* The next one with exactly @flags, PSH not counted; others are skipped. */
int conn_await(struct conn *c, struct seg *s, uint8_t flags);
/* The next one that carries the data at c->ack. */
int conn_await_data(struct conn *c, struct seg *s);
/* The next one that acknowledges @ack or more. */
int conn_await_ack(struct conn *c, struct seg *s, uint32_t ack);
/* Nothing comes for a while. */
bool conn_quiet(struct conn *c, int ms);
/*
 * The same, but for what had left before the kernel got our last conn_send():
 * it echoes an older timestamp.  Only after a segment that the kernel takes.
 */
bool conn_content(struct conn *c, int ms);

/* Whole openings.  Both fill c->fd. */
int conn_open_passive(struct conn *c, struct wire *w, int listener);
int conn_open_active(struct conn *c, struct wire *w);
/* The steps of the latter: the kernel's SYN; our SYN|ACK with a cookie. */
int conn_start_active(struct conn *c, struct wire *w, struct seg *syn);
int conn_synack(struct conn *c);

/* Comparing sequence numbers. */
static inline bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

extern const uint8_t our_cookie[24];

#define WIRE_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct wire w;						\
		struct conn c;						\
		struct seg s;						\
	};								\
	FIXTURE_VARIANT(name) {						\
		enum xt_door door;					\
	};								\
	FIXTURE_VARIANT_ADD(name, ipv4) {				\
		.door = XT_IPV4,					\
	};								\
	FIXTURE_VARIANT_ADD(name, ipv6) {				\
		.door = XT_IPV6,					\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_EQ(0, wire_open(&self->w, variant->door))	\
			TH_LOG("TUN device: %s", strerror(errno));	\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		wire_close(&self->w);					\
	}								\
	struct wire

/* A client's connection to a listener at @port, self->c; nothing is owed. */
#define WIRE_OPEN(port)							\
	do {								\
		int listener_ = wire_listener(&self->w, port, 8);	\
									\
		ASSERT_LE(0, listener_);				\
		ASSERT_EQ(0, conn_open_passive(&self->c, &self->w,	\
					       listener_));		\
		conn_quiet(&self->c, 50);				\
	} while (0)

/* The wire is XTCP's own: there is nothing to compare TCP with. */
#define WIRE_MAIN							\
	static void __attribute__((constructor)) skip_over_tcp(void)	\
	{								\
		if (!xt_over_tcp())					\
			return;						\
		printf("TAP version 13\n");				\
		printf("1..0 # SKIP segments are XTCP's own\n");	\
		fflush(stdout);						\
		_exit(4);						\
	}								\
	TEST_HARNESS_MAIN

#endif /* WIRE_H */
