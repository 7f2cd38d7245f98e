// SPDX-License-Identifier: GPL-2.0
/* Raw segments through a TUN device; see wire.h. */
#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 66000

const uint8_t our_cookie[24] = "twenty-four bytes of it";

static uint32_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000u + t.tv_nsec / 1000;
}

/* A machine without udev has neither the module nor the node yet. */
static int open_tun(void)
{
	static const char path[] = "/dev/net/tun";
	int fd = open(path, O_RDWR | O_NONBLOCK);

	if (fd >= 0)
		return fd;
	if (system("modprobe -q tun"))
		errno = 0;	/* built in, or open() says it */
	mkdir("/dev/net", 0755);
	mknod(path, S_IFCHR | 0600, makedev(10, 200));
	return open(path, O_RDWR | O_NONBLOCK);
}

void wire_close(struct wire *w)
{
	close(w->tun);
}

socklen_t wire_kernel_addr(const struct wire *w, union xt_addr *a, uint16_t port)
{
	return xt_parse(&w->x, a, "192.0.2.1", "2001:db8::1", port);
}

socklen_t wire_our_addr(const struct wire *w, union xt_addr *a, uint16_t port)
{
	return xt_parse(&w->x, a, "192.0.2.2", "2001:db8::2", port);
}

int wire_listener(struct wire *w, uint16_t port, int backlog)
{
	union xt_addr a;
	socklen_t len = wire_kernel_addr(w, &a, port);
	int fd = xt_socket(&w->x, SOCK_NONBLOCK);

	if (fd < 0 || xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
	    bind(fd, &a.sa, len) || listen(fd, backlog))
		return -1;
	return fd;
}

static uint32_t sum(uint32_t acc, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; len -= 2, p += 2)
		acc += p[0] << 8 | p[1];
	if (len)
		acc += p[0] << 8;
	return acc;
}

static uint16_t fold(uint32_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return ~acc;
}

/* Over pseudo header and segment; 0 when the one in it is right. */
static uint16_t checksum(const struct wire *w, const void *from, const void *to,
			 const void *segment, size_t len)
{
	uint32_t acc = w->protocol + len;

	acc = sum(acc, from, w->addr_len);
	acc = sum(acc, to, w->addr_len);
	return fold(sum(acc, segment, len));
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* An IP header in front of what lies at packet + its length; returns that. */
static size_t ip_header(const struct wire *w, uint8_t *packet, uint8_t protocol,
			const uint8_t *from, const uint8_t *to, size_t len)
{
	if (w->x.family == AF_INET) {
		memset(packet, 0, 20);
		packet[0] = 0x45;
		packet[1] = w->ecn;
		put16(packet + 2, 20 + len);
		packet[6] = 0x40;	/* do not fragment */
		packet[8] = 64;
		packet[9] = protocol;
		memcpy(packet + 12, from, 4);
		memcpy(packet + 16, to, 4);
		put16(packet + 10, fold(sum(0, packet, 20)));
		return 20;
	}
	memset(packet, 0, 40);
	packet[0] = 0x60;
	packet[1] = w->ecn << 4;
	put16(packet + 4, len);
	packet[6] = protocol;
	packet[7] = 64;
	memcpy(packet + 8, from, 16);
	memcpy(packet + 24, to, 16);
	return 40;
}

static int send_packet(struct wire *w, uint8_t protocol, const void *payload,
		       size_t len)
{
	static uint8_t packet[PACKET_MAX];
	size_t head = ip_header(w, packet, protocol, w->us, w->kernel, len);

	memcpy(packet + head, payload, len);
	return write(w->tun, packet, head + len) == (ssize_t)(head + len) ?
		0 : -1;
}

int wire_send_bytes(struct wire *w, const void *payload, size_t len)
{
	return send_packet(w, w->protocol, payload, len);
}

static uint16_t icmp_checksum(const struct wire *w, const uint8_t *b, size_t len)
{
	uint32_t acc = sum(0, b, len);

	if (w->x.family == AF_INET6) {	/* ICMP has no pseudo header */
		acc += IPPROTO_ICMPV6 + len;
		acc = sum(acc, w->us, 16);
		acc = sum(acc, w->kernel, 16);
	}
	return fold(acc);
}

static int send_icmp_bytes(struct wire *w, uint8_t *b, size_t len)
{
	put16(b + 2, icmp_checksum(w, b, len));
	return send_packet(w, w->x.family == AF_INET ? IPPROTO_ICMP :
						       IPPROTO_ICMPV6, b, len);
}

/* An interface and its addresses take a moment: until it answers a ping. */
static int wait_until_up(struct wire *w)
{
	bool v4 = w->x.family == AF_INET;
	long long end = xt_now_ms() + XT_SOON_MS;
	uint8_t packet[2048];

	while (xt_now_ms() < end) {
		uint8_t ping[16] = { v4 ? 8 : 128 };
		ssize_t n;

		send_icmp_bytes(w, ping, sizeof(ping));
		xt_poll(w->tun, POLLIN, 20);
		while ((n = read(w->tun, packet, sizeof(packet))) > 0) {
			if (v4 && n > 20 && packet[0] == 0x45 &&
			    packet[9] == IPPROTO_ICMP && packet[20] == 0)
				return 0;
			if (!v4 && n > 40 && packet[0] >> 4 == 6 &&
			    packet[6] == IPPROTO_ICMPV6 && packet[40] == 129)
				return 0;
		}
	}
	errno = ENETDOWN;
	return -1;
}

int wire_open(struct wire *w, enum xt_door door)
{
	struct ifreq ifr = { .ifr_name = "wire0",
			     .ifr_flags = IFF_TUN | IFF_NO_PI };
	char text[16];

	if (xt_begin(&w->x, door))
		return -1;
	xt_faults(false);
	w->tun = open_tun();
	if (w->tun < 0 || ioctl(w->tun, TUNSETIFF, &ifr))
		return -1;
	if (system("ip addr add 192.0.2.1/24 dev wire0 && "
		   "ip addr add 2001:db8::1/64 dev wire0 nodad && "
		   "ip link set wire0 up"))
		return -1;
	/* Its orphans would hold the namespace for minutes. */
	xt_write_file("/proc/sys/net/xtcp/orphan_retries", "2");
	w->window = 65535;
	w->features = 0;
	w->rtt_ms = 0;
	w->ecn = NOT_ECT;
	w->protocol = IPPROTO_XTCP;
	if (xt_read_file("/sys/module/xtcp/parameters/protocol", text,
			 sizeof(text)) > 0)
		w->protocol = atoi(text);
	if (w->x.family == AF_INET) {
		w->addr_len = 4;
		inet_pton(AF_INET, "192.0.2.1", w->kernel);
		inet_pton(AF_INET, "192.0.2.2", w->us);
	} else {
		w->addr_len = 16;
		inet_pton(AF_INET6, "2001:db8::1", w->kernel);
		inet_pton(AF_INET6, "2001:db8::2", w->us);
	}
	if (wait_until_up(w))
		return -1;
	xt_faults(true);
	return 0;
}

/* The first bytes of a segment from the kernel, quoted in an ICMP error. */
static int send_icmp(struct conn *c, uint8_t type, uint8_t code, uint16_t mtu,
		     uint32_t seq, unsigned int quoted)
{
	struct wire *w = c->w;
	uint8_t b[8 + 40 + HDR_LEN] = { type, code };
	bool v4 = w->x.family == AF_INET;
	size_t len = 8, head;

	if (v4)
		put16(b + 6, mtu);
	else
		put32(b + 4, mtu);
	head = ip_header(w, b + len, w->protocol, w->kernel, w->us, 1400);
	put16(b + len + head, c->kernel);
	put16(b + len + head + 2, c->us);
	put32(b + len + head + 4, seq);
	len += head + quoted;
	return send_icmp_bytes(w, b, len);
}

int wire_send_icmp(struct conn *c, uint8_t type, uint8_t code, uint16_t mtu,
		   uint32_t seq)
{
	return send_icmp(c, type, code, mtu, seq, 8);
}

int wire_send_icmp_cut(struct conn *c, unsigned int len)
{
	bool v4 = c->w->x.family == AF_INET;

	return send_icmp(c, v4 ? 3 : 1, v4 ? 3 : 4, 0, c->ack - 1, len);
}

int wire_send(struct wire *w, const struct seg *s)
{
	static uint8_t b[PACKET_MAX];
	unsigned int opt_len = (s->opt_len + 3) / 4 * 4;
	size_t len = HDR_LEN + opt_len + s->len;
	uint16_t check;

	memset(b, 0, HDR_LEN + opt_len);
	put16(b, s->sport);
	put16(b + 2, s->dport);
	put32(b + 4, s->seq);
	put32(b + 8, s->ack);
	b[12] = (HDR_LEN + opt_len) / 4;
	if (s->force_hlen || s->force_hlen_zero)
		b[12] = s->force_hlen;
	b[13] = s->flags;
	put32(b + 16, s->window);
	put32(b + 20, s->tsval);
	put32(b + 24, s->tsecr);
	memcpy(b + HDR_LEN, s->opt, s->opt_len);
	memcpy(b + HDR_LEN + opt_len, s->data, s->len);
	/* What is cut off is not part of the segment that is summed up. */
	len -= s->cut;
	check = checksum(w, w->us, w->kernel, b, len);
	if (len >= 16)
		put16(b + 14, check ^ s->xor_check);
	return wire_send_bytes(w, b, len);
}

/* -1: not ours. */
static int parse(struct wire *w, struct seg *s, const uint8_t *p, size_t len)
{
	const uint8_t *from, *to;
	size_t head;

	memset(s, 0, offsetof(struct seg, opt));
	if (w->x.family == AF_INET) {
		if (len < 20 || p[0] >> 4 != 4 || p[9] != w->protocol)
			return -1;
		head = (p[0] & 15) * 4;
		s->ecn = p[1] & 3;
		from = p + 12;
		to = p + 16;
	} else {
		if (len < 40 || p[0] >> 4 != 6 || p[6] != w->protocol)
			return -1;
		head = 40;
		s->ecn = p[1] >> 4 & 3;
		from = p + 8;
		to = p + 24;
	}
	if (len < head + HDR_LEN)
		return -1;
	s->check_ok = !checksum(w, from, to, p + head, len - head);
	p += head;
	len -= head;
	s->sport = get16(p);
	s->dport = get16(p + 2);
	s->seq = get32(p + 4);
	s->ack = get32(p + 8);
	s->hlen = p[12];
	s->flags = p[13];
	s->check = get16(p + 14);
	s->window = get32(p + 16);
	s->tsval = get32(p + 20);
	s->tsecr = get32(p + 24);
	s->hdr_len = s->hlen * 4;
	s->at_us = xt_now_us();
	s->at_ms = s->at_us / 1000;
	if (s->hdr_len < HDR_LEN || s->hdr_len > len ||
	    len - s->hdr_len > DATA_MAX)
		return -1;
	s->opt_len = s->hdr_len - HDR_LEN;
	memcpy(s->opt, p + HDR_LEN, s->opt_len);
	s->len = len - s->hdr_len;
	memcpy(s->data, p + s->hdr_len, s->len);
	return 0;
}

int wire_recv_until(struct wire *w, struct seg *s, long long end_us)
{
	static uint8_t packet[PACKET_MAX];
	struct pollfd p = { .fd = w->tun, .events = POLLIN };

	for (;;) {
		ssize_t n = read(w->tun, packet, sizeof(packet));
		struct timespec wait;
		long long left;

		if (n > 0) {
			if (!parse(w, s, packet, n))
				return 0;
			continue;
		}
		left = end_us - xt_now_us();
		if (left <= 0)
			return -1;
		wait.tv_sec = left / 1000000;
		wait.tv_nsec = left % 1000000 * 1000;
		ppoll(&p, 1, &wait, NULL);
	}
}

int wire_recv(struct wire *w, struct seg *s, int timeout_ms)
{
	return wire_recv_until(w, s, xt_now_us() + timeout_ms * 1000LL);
}

const uint8_t *seg_option(const struct seg *s, uint8_t kind)
{
	unsigned int at = 0;

	while (at < s->opt_len) {
		if (!s->opt[at]) {
			at++;
			continue;
		}
		if (s->opt[at] == kind)
			return s->opt + at;
		if (at + 1 >= s->opt_len || s->opt[at + 1] < 2)
			return NULL;
		at += s->opt[at + 1];
	}
	return NULL;
}

static uint16_t put_option(uint8_t *opt, uint16_t at, uint8_t kind,
			   const void *data, uint8_t len)
{
	opt[at] = kind;
	opt[at + 1] = len + 2;
	memcpy(opt + at + 2, data, len);
	return at + len + 2;
}

void seg_add_option(struct seg *s, uint8_t kind, const void *data, uint8_t len)
{
	s->opt_len = put_option(s->opt, s->opt_len, kind, data, len);
}

void conn_init(struct conn *c, struct wire *w, uint16_t us, uint16_t kernel)
{
	memset(c, 0, sizeof(*c));
	c->w = w;
	c->us = us;
	c->kernel = kernel;
	c->seq = 1000000u + us * 7919u;
	c->window = w->window;
	c->ts_offset = 77;
	c->fd = -1;
}

void conn_seg(const struct conn *c, struct seg *s, uint8_t flags)
{
	memset(s, 0, sizeof(*s));
	s->sport = c->us;
	s->dport = c->kernel;
	s->seq = c->seq;
	s->ack = flags & ACK ? c->ack : 0;
	s->flags = flags;
	s->window = c->window;
	s->tsval = (now_us() + c->ts_offset) ?: 1;
	s->tsecr = c->tsecr;
	s->opt_len = c->opt_len;
	memcpy(s->opt, c->opt, c->opt_len);
}

int conn_send(struct conn *c, uint8_t flags, const void *data, uint16_t len)
{
	static struct seg s;

	conn_seg(c, &s, flags);
	s.len = len;
	if (len)
		memcpy(s.data, data, len);
	c->seq += len + !!(flags & SYN) + !!(flags & FIN);
	c->last_tsval = s.tsval;
	return wire_send(c->w, &s);
}

static void add_syn_options(struct seg *s, uint16_t mss, uint8_t offered)
{
	uint8_t features[4] = { 1, 0, 0, offered };
	uint8_t m[2];

	put16(m, mss);
	seg_add_option(s, OPT_MSS, m, sizeof(m));
	seg_add_option(s, OPT_FEATURES, features, sizeof(features));
}

int conn_syn(struct conn *c)
{
	static struct seg s;

	conn_seg(c, &s, SYN);
	add_syn_options(&s, 1400, c->w->features);
	c->seq++;
	return wire_send(c->w, &s);
}

int conn_recv(struct conn *c, struct seg *s, int timeout_ms)
{
	long long end = xt_now_ms() + timeout_ms;
	long long left = timeout_ms;

	do {
		if (wire_recv(c->w, s, left))
			return -1;
		if (s->sport == c->kernel && s->dport == c->us) {
			if (!s->check_ok)
				return -1;
			if (!(s->flags & RST))	/* has none */
				c->tsecr = s->tsval;
			return 0;
		}
		left = end - xt_now_ms();
	} while (left > 0);
	return -1;
}

int conn_await(struct conn *c, struct seg *s, uint8_t flags)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (xt_now_ms() < end && !conn_recv(c, s, XT_SOON_MS))
		if ((s->flags & ~PSH) == flags)
			return 0;
	return -1;
}

int conn_await_data(struct conn *c, struct seg *s)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (xt_now_ms() < end && !conn_recv(c, s, XT_SOON_MS))
		if (s->len && s->seq == c->ack)
			return 0;
	return -1;
}

int conn_await_ack(struct conn *c, struct seg *s, uint32_t ack)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (xt_now_ms() < end && !conn_recv(c, s, XT_SOON_MS))
		if (s->flags & ACK && !before(s->ack, ack))
			return 0;
	return -1;
}

void conn_hold(struct conn *c, uint32_t start, uint32_t end)
{
	start = htonl(start);
	end = htonl(end);
	c->opt[0] = OPT_SACK;
	c->opt[1] = 10;
	memcpy(c->opt + 2, &start, 4);
	memcpy(c->opt + 6, &end, 4);
	c->opt[10] = 0;
	c->opt[11] = 0;
	c->opt_len = 12;
}

static bool unexpected(const struct seg *s)
{
	printf("# came unasked: flags %02x seq %u ack %u len %u\n", s->flags,
	       s->seq, s->ack, s->len);
	return false;
}

bool conn_quiet(struct conn *c, int ms)
{
	static struct seg s;

	return conn_recv(c, &s, ms) ? true : unexpected(&s);
}

bool conn_content(struct conn *c, int ms)
{
	static struct seg s;

	while (!conn_recv(c, &s, ms))
		if (!before(s.tsecr, c->last_tsval))
			return unexpected(&s);
	return true;
}

/* We are the client of @listener. */
int conn_open_passive(struct conn *c, struct wire *w, int listener)
{
	static struct seg s, third;
	static uint16_t port = 20000;
	const uint8_t *cookie;

	conn_init(c, w, port++, xt_local_port(listener));
	if (conn_syn(c) || conn_await(c, &s, SYN | ACK))
		return -1;
	c->ack = s.seq + 1;
	cookie = seg_option(&s, OPT_COOKIE);
	if (!cookie)
		return -1;
	memcpy(c->cookie, cookie, cookie[1]);
	xt_sleep_ms(w->rtt_ms);
	conn_seg(c, &third, ACK);
	seg_add_option(&third, OPT_COOKIE, cookie + 2, cookie[1] - 2);
	if (wire_send(w, &third))
		return -1;
	if (xt_poll(listener, POLLIN, XT_SOON_MS) != POLLIN)
		return -1;
	c->fd = accept(listener, NULL, NULL);
	if (c->fd < 0)
		return -1;
	/* The server confirms. */
	return conn_await_ack(c, &s, c->seq);
}

int conn_start_active(struct conn *c, struct wire *w, struct seg *syn)
{
	static uint16_t port = 30000;
	union xt_addr a;
	socklen_t len = wire_our_addr(w, &a, port);

	conn_init(c, w, port++, 0);
	c->fd = xt_socket(&w->x, SOCK_NONBLOCK);
	if (c->fd < 0 || !connect(c->fd, &a.sa, len) || errno != EINPROGRESS)
		return -1;
	do {
		if (wire_recv(w, syn, XT_SOON_MS))
			return -1;
	} while (syn->dport != c->us || syn->flags != SYN);
	c->kernel = syn->sport;
	c->ack = syn->seq + 1;
	c->tsecr = syn->tsval;
	return 0;
}

int conn_synack(struct conn *c)
{
	static struct seg s;

	conn_seg(c, &s, SYN | ACK);
	add_syn_options(&s, 1400, c->w->features);
	seg_add_option(&s, OPT_COOKIE, our_cookie, sizeof(our_cookie));
	c->seq++;
	return wire_send(c->w, &s);
}

/* We are the server. */
int conn_open_active(struct conn *c, struct wire *w)
{
	static struct seg s;

	if (conn_start_active(c, w, &s) || conn_synack(c) ||
	    conn_await(c, &s, ACK))
		return -1;
	/* Any segment of ours lets it drop the cookie. */
	if (conn_send(c, ACK, NULL, 0))
		return -1;
	return xt_poll(c->fd, POLLOUT, XT_SOON_MS) == POLLOUT ? 0 : -1;
}
