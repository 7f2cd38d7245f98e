// SPDX-License-Identifier: GPL-2.0
/*
 * Throws bytes at the rooms of the module that read what strangers send.
 *
 *	segment	the whole header: xtcp_parse_hlen(), xtcp_parse_opts()
 *	cookie	a COOKIE option's bytes: xtcp_cookie_check()
 *	ranges	a run of additions and advances: xtcp_ranges_*()
 *	rtt	samples and their times: xtcp_rtt_*()
 *	repair	deliveries and D-SACKs: xtcp_rack_*(), xtcp_prr_*()
 *
 * Each target is a function of bytes and checks more than "no crash": the
 * options against a second reader that is written to be obviously right and
 * not fast, the cookie against what was really made, the ranges against one
 * flag per sequence number, the estimates against what they promise for any
 * input.  Input stands in an allocation of exactly its length, so that
 * AddressSanitizer sees the first byte beyond.
 *
 *	fuzz_parser [-n ITERATIONS] [-s SEED]	TAP; bounded, reproducible
 *	fuzz_parser FILE ...			replays inputs, for a debugger
 *	fuzz_parser -c CORPUS ...		first those of CORPUS, hex by line
 *	fuzz_parser -x DIRECTORY -c CORPUS	makes files of them, for libFuzzer
 *
 * The same file linked with libFuzzer (make libfuzzer) is guided by coverage.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/wire.c"
#include "../../module/ranges.c"
#include "../../module/cookie.c"
#include "../../module/rtt.c"
#include "../../module/rack.c"
#include "../../module/prr.c"

#define MAX_INPUT	1200	/* bytes: the largest header and some payload */
#define DEFAULT_ITERATIONS	100000
#define DEFAULT_SEED	20260901

#define CHECK(what) do {						\
	if (!(what)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
		abort();						\
	}								\
} while (0)

static u8 *copy_exact(const u8 *data, size_t len)
{
	u8 *p = calloc(1, len);

	CHECK(p);
	if (len)
		memcpy(p, data, len);
	return p;
}

/* Segment */

/* The length that kind must have; 0: any, 1: a SACK's. */
static unsigned int ref_length(u8 kind)
{
	static const u8 lengths[8] = { 0, 4, 6, 0, 1, 6, 0, 6 };

	return kind < 8 ? lengths[kind] : 0;
}

/* The second reader: verdict and known kinds, and nothing else. */
static enum xtcp_parse ref_parse(const u8 *opt, unsigned int len, u32 *seen)
{
	unsigned int at = 0;
	bool must = false;

	*seen = 0;
	while (at < len) {
		unsigned int kind = opt[at], opt_len, want;

		if (kind == 0) {
			at += 1;
			continue;
		}
		if (at + 1 >= len)
			return XTCP_PARSE_OPT_LEN;
		opt_len = opt[at + 1];
		want = ref_length(kind);
		if (opt_len < 2 || at + opt_len > len)
			return XTCP_PARSE_OPT_LEN;
		if (want == 1 && (opt_len < 10 || opt_len % 8 != 2))
			return XTCP_PARSE_OPT_LEN;
		if (want > 1 && opt_len != want)
			return XTCP_PARSE_OPT_LEN;
		if (kind < 8 && *seen & 1u << kind)
			return XTCP_PARSE_OPT_LEN;
		if (kind < 8)
			*seen |= 1u << kind;
		if (kind >= 128)
			must = true;
		at += opt_len;
	}
	return must ? XTCP_PARSE_OPT_MUST : XTCP_PARSE_OK;
}

static bool same_opaque(const u8 *a, u8 a_len, const u8 *b, u8 b_len)
{
	return a_len == b_len && (!a_len || !memcmp(a, b, a_len));
}

/* What was parsed, built again and parsed again, must be the same. */
static void check_rebuild(const struct xtcp_opts *o)
{
	struct xtcp_sack_block sack[XTCP_MAX_SACK];
	struct xtcp_opts_out out = {
		.present = o->present, .version = o->version, .mss = o->mss,
		.features = o->features, .ecn_bytes = o->ecn_bytes,
		.urg_seq = o->urg_seq, .sack_n = o->sack_n, .sack = sack,
		.cookie_len = o->cookie_len, .cookie = o->cookie,
		.fastopen_len = o->fastopen_len, .fastopen = o->fastopen,
	};
	struct xtcp_opts again;
	unsigned int i, len;
	u8 *buf;

	CHECK(o->sack_n <= XTCP_MAX_SACK);
	for (i = 0; i < o->sack_n; i++)
		sack[i] = xtcp_opt_sack(o, i);
	len = xtcp_opts_len(&out);
	CHECK(len % 4 == 0 && len <= XTCP_MAX_OPT_LEN);
	buf = malloc(len);
	CHECK(buf);
	xtcp_build_opts(buf, &out);
	CHECK(xtcp_parse_opts(buf, len, &again) == XTCP_PARSE_OK);
	CHECK(again.present == o->present && again.mss == o->mss);
	CHECK(again.version == o->version && again.features == o->features);
	CHECK(again.ecn_bytes == o->ecn_bytes && again.urg_seq == o->urg_seq);
	CHECK(same_opaque(again.cookie, again.cookie_len, o->cookie,
			  o->cookie_len));
	CHECK(same_opaque(again.fastopen, again.fastopen_len, o->fastopen,
			  o->fastopen_len));
	CHECK(again.sack_n == o->sack_n);
	for (i = 0; i < o->sack_n; i++) {
		struct xtcp_sack_block b = xtcp_opt_sack(&again, i);

		CHECK(b.start == sack[i].start && b.end == sack[i].end);
	}
	free(buf);
}

static void fuzz_segment(const u8 *data, size_t size)
{
	u8 *seg = copy_exact(data, size);
	char flags[XTCP_FLAGS_STR_LEN];
	unsigned int hdr_len = 0;
	enum xtcp_parse verdict;
	struct xtcp_opts o;
	u32 seen;

	verdict = xtcp_parse_hlen((const struct xtcphdr *)seg, size, &hdr_len);
	CHECK((verdict == XTCP_PARSE_OK) ==
	      (size >= 28 && seg[12] >= 7 && seg[12] * 4 <= size));
	if (verdict == XTCP_PARSE_OK) {
		u8 *opt;

		CHECK(hdr_len == seg[12] * 4);
		opt = copy_exact(seg + XTCP_HDR_LEN, hdr_len - XTCP_HDR_LEN);
		verdict = xtcp_parse_opts(opt, hdr_len - XTCP_HDR_LEN, &o);
		CHECK(verdict == ref_parse(opt, hdr_len - XTCP_HDR_LEN, &seen));
		if (verdict != XTCP_PARSE_OPT_LEN) {
			CHECK(o.present == seen);
			check_rebuild(&o);
		}
		CHECK(strlen(xtcp_flags_str(seg[13], flags)) < sizeof(flags));
		free(opt);
	}
	free(seg);
}

/* Cookie */

static void fuzz_cookie(const u8 *data, size_t size)
{
	static const struct xtcp_cookie_keys keys = {
		.id = 5, .key = { { { 1, 2 } }, { { 3, 4 } } },
	};
	static const struct xtcp_tuple4 tuple = { .lport = 1, .fport = 2 };
	const struct xtcp_cookie want = {
		.irs = 10, .iss = 20, .mss = 1444, .version = 1, .features = 1,
		.time_s = 100,
	};
	struct xtcp_cookie got = { .iss = 20 };
	u8 made[XTCP_COOKIE_LEN];
	u8 *buf = copy_exact(data, size);
	enum xtcp_cookie_verdict verdict;

	xtcp_cookie_make(made, &keys, &tuple, &want);
	verdict = xtcp_cookie_check(buf, size, &keys, &tuple, 110, 64, &got);
	if (size == sizeof(made) && !memcmp(buf, made, size)) {
		CHECK(verdict == XTCP_COOKIE_OK);
		CHECK(got.irs == want.irs && got.mss == want.mss);
	} else {
		CHECK(verdict == XTCP_COOKIE_BAD);
	}

	/* The input as a change to a good one. */
	if (size >= 2 && data[1]) {
		made[data[0] % sizeof(made)] ^= data[1];
		CHECK(xtcp_cookie_check(made, sizeof(made), &keys, &tuple, 110,
					64, &got) == XTCP_COOKIE_BAD);
	}
	free(buf);
}

/* Ranges */

#define MODEL	256

static void check_ranges(const struct xtcp_ranges *s, const bool *model,
			 u32 base, bool exact)
{
	unsigned int i, j, runs = 0, held = 0;

	CHECK(s->n <= XTCP_RANGES_MAX);
	for (i = 0; i < s->n; i++) {
		u32 from = s->r[i].start - base, to = s->r[i].end - base;

		CHECK(from < to && to <= MODEL);
		CHECK(from == 0 || to == MODEL || !exact || !model[from - 1]);
		held += to - from;
		for (j = from; j < to; j++)
			CHECK(model[j]);
		for (j = i + 1; j < s->n; j++)
			CHECK(xtcp_before(s->r[i].end, s->r[j].start) ||
			      xtcp_before(s->r[j].end, s->r[i].start));
	}
	for (i = 0; i < MODEL; i++) {
		runs += model[i] && (!i || !model[i - 1]);
		held -= exact && model[i];
	}
	CHECK(!exact || (runs == s->n && held == 0));
}

/* 4 bytes: where to start; then 2 bytes for each step. */
static void fuzz_ranges(const u8 *data, size_t size)
{
	bool model[MODEL] = {};
	unsigned int at = 0;
	struct xtcp_ranges s;
	bool exact = true;
	u32 base;

	if (size < 4)
		return;
	base = get_unaligned_be32(data);
	xtcp_ranges_init(&s);
	for (data += 4, size -= 4; size >= 2; data += 2, size -= 2) {
		unsigned int from = data[0], len = data[1] & 0x1f;

		len = min(len, MODEL - from);
		if (data[1] & 0x80) {
			at = max(at, from);
			memset(model, false, at * sizeof(*model));
			xtcp_ranges_advance(&s, base + at);
		} else if (from >= at) {
			/* A full list may forget a range. */
			exact = exact && s.n < XTCP_RANGES_MAX;
			memset(model + from, true, len * sizeof(*model));
			xtcp_ranges_add(&s, base + from, base + from + len);
			CHECK(!len || xtcp_between(base + from, s.r[0].start,
						   s.r[0].end - 1));
		}
		check_ranges(&s, model, base, exact);
	}
}

/* Estimates */

/* 8 bytes each: how long after the last one, and the sample */
static void fuzz_rtt(const u8 *data, size_t size)
{
	u32 least = U32_MAX, most = 0, last = 0;
	struct xtcp_rtt r;
	unsigned int i;
	u64 now_us = 1;

	xtcp_rtt_init(&r);
	for (; size >= 8; data += 8, size -= 8) {
		u32 sample = get_unaligned_be32(data + 4);

		now_us += get_unaligned_be32(data);
		xtcp_rtt_sample(&r, sample, now_us);
		sample = clamp(sample, 1u, XTCP_RTT_MAX_US);
		least = min(least, sample);
		most = max(most, sample);
		CHECK(r.latest_us == sample);
		CHECK(xtcp_srtt_us(&r) >= least && xtcp_srtt_us(&r) <= most);
		CHECK(r.min_rtt_us >= least && r.min_rtt_us <= sample);
		CHECK(r.rttvar_us >> 2 <= most);
		CHECK(xtcp_rtt_rto(&r, 0) >= min(xtcp_srtt_us(&r) +
						 XTCP_RTO_MIN_US,
						 XTCP_RTO_MAX_US));
		for (i = 0, last = 0; i < 20; i++) {
			CHECK(xtcp_rtt_rto(&r, i) >= last);
			last = xtcp_rtt_rto(&r, i);
			CHECK(last >= XTCP_RTO_MIN_US);
			CHECK(last <= XTCP_RTO_MAX_US);
		}
	}
}

/* One recovery: never more than RFC 6937 lets leave for what arrived. */
static void check_prr(const u8 *data, size_t size)
{
	u32 flight = get_unaligned_be32(data) >> 4;
	u32 ssthresh = get_unaligned_be32(data + 4) >> 4;
	u32 mss = 1 + (data[8] << 4), inflight = flight, quota;
	struct xtcp_prr prr;

	xtcp_prr_begin(&prr, flight);
	for (data += 9, size -= 9; size >= 2; data += 2, size -= 2) {
		u32 acked = min((u32)data[0] << 10, inflight);
		u32 share;

		inflight -= acked;
		quota = xtcp_prr_quota(&prr, ssthresh, inflight, acked, mss,
				       data[1] & 1);
		share = ((u64)ssthresh * prr.delivered) / max(flight, 1u) + 1;
		if (!prr.out)
			CHECK(quota >= mss);
		if (inflight > ssthresh)
			CHECK(prr.out + quota <= max(share, prr.out) + mss);
		else
			CHECK(inflight + quota <= max(ssthresh, inflight + mss));
		/* a program that has less to say */
		quota = data[1] & 2 ? quota / 2 : quota;
		prr.out += quota;
		inflight += quota;
	}
}

static void fuzz_repair(const u8 *data, size_t size)
{
	const u8 *all = data;
	size_t all_size = size;
	struct xtcp_rack rack;
	u64 sent_us, newest_us = 0;
	u32 seq, fack;

	if (size < 9)
		return;
	seq = get_unaligned_be32(data);
	xtcp_rack_init(&rack, seq);
	for (data += 4, size -= 4; size >= 5; data += 5, size -= 5) {
		u32 end = seq + get_unaligned_be16(data), wnd_us;
		u32 min_rtt_us = get_unaligned_be16(data + 2) << (data[4] & 15);

		sent_us = 1 + data[2];
		fack = rack.fack;
		xtcp_rack_update(&rack, sent_us, end, data[3], data[4] & 16);
		CHECK(rack.fack == xtcp_seq_max(fack, end));
		newest_us = max(newest_us, sent_us);
		CHECK(rack.xmit_us == newest_us);
		xtcp_rack_adapt(&rack, data[4] & 32, seq, end);
		CHECK(rack.reo_wnd_mult >= 1);
		if (data[4] & 64)
			xtcp_rack_recovered(&rack);
		wnd_us = xtcp_rack_reo_wnd_us(&rack, min_rtt_us, data[3] << 8,
					      data[4] & 128);
		CHECK(wnd_us <= data[3] << 8);
		CHECK(!rack.dsack || rack.reordering);
	}
	check_prr(all, all_size);
}

struct target {
	const char *name;
	void (*run)(const u8 *data, size_t size);
	size_t (*seed)(u8 *data);
};

#ifndef XTCP_LIBFUZZER
/* xorshift32; the state is never 0 */
static u32 rnd_state = DEFAULT_SEED;

static u32 rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 17;
	rnd_state ^= rnd_state << 5;
	return rnd_state;
}

static u32 rnd_below(u32 n)
{
	return rnd() % n;
}

/* A well-formed segment with random options. */
static size_t seed_segment(u8 *data)
{
	struct xtcp_sack_block sack[XTCP_MAX_SACK];
	u8 opaque[253];
	struct xtcp_opts_out out = {
		.present = rnd() & 0xfe, .version = 1, .mss = rnd(),
		.features = rnd(), .ecn_bytes = rnd(), .urg_seq = rnd(),
		.sack_n = 1 + rnd_below(rnd_below(8) ? 4 : XTCP_MAX_SACK),
		.cookie_len = rnd_below(rnd_below(8) ? 24 : 254),
		.fastopen_len = rnd_below(rnd_below(8) ? 20 : 254),
		.sack = sack, .cookie = opaque, .fastopen = opaque,
	};
	unsigned int i, len = xtcp_opts_len(&out);

	for (i = 0; i < XTCP_MAX_SACK; i++) {
		sack[i].start = rnd();
		sack[i].end = rnd();
	}
	for (i = 0; i < sizeof(opaque); i++)
		opaque[i] = rnd();
	for (i = 0; i < XTCP_HDR_LEN; i++)
		data[i] = rnd();
	xtcp_build_opts(data + XTCP_HDR_LEN, &out);
	data[12] = (XTCP_HDR_LEN + len) / 4;
	return XTCP_HDR_LEN + len + rnd_below(20);
}

static size_t seed_cookie(u8 *data)
{
	size_t i, size = rnd_below(3) ? XTCP_COOKIE_LEN : rnd_below(254);

	for (i = 0; i < size; i++)
		data[i] = rnd();
	if (size)
		data[0] = 4 + rnd_below(3);	/* a key id that exists */
	return size;
}

static size_t seed_ranges(u8 *data)
{
	size_t i, size = 4 + 2 * rnd_below(80);

	for (i = 0; i < size; i++)
		data[i] = rnd();
	for (i = 5; i < size; i += 2) {
		if (rnd_below(8))
			data[i] &= 0x03;	/* short, and rarely advance */
	}
	return size;
}

static size_t seed_numbers(u8 *data)
{
	size_t i, size = 9 + rnd_below(400);

	for (i = 0; i < size; i++)
		data[i] = rnd();
	/* small numbers, too: upper bytes that are 0 */
	if (rnd_below(2))
		for (i = 0; i < size; i += 4)
			data[i] = 0;
	return size;
}

/* Change an input a little: most bugs live beside what is well-formed. */
static size_t mutate(u8 *data, size_t size)
{
	unsigned int n = rnd_below(4);

	while (n-- && size) {
		u8 *at = &data[rnd_below(size)];

		switch (rnd_below(5)) {
		case 0:
			*at = rnd();
			break;
		case 1:
			*at ^= 1 << rnd_below(8);
			break;
		case 2:
			*at += rnd_below(3) - 1;
			break;
		case 3:
			*at = rnd_below(2) ? 0 : 0xff;
			break;
		default:
			size = rnd_below(size + 1);
		}
	}
	return size;
}
#else
#define seed_segment	NULL
#define seed_cookie	NULL
#define seed_ranges	NULL
#define seed_numbers	NULL
#endif

static const struct target targets[] = {
	{ "segment", fuzz_segment, seed_segment },
	{ "cookie", fuzz_cookie, seed_cookie },
	{ "ranges", fuzz_ranges, seed_ranges },
	{ "rtt", fuzz_rtt, seed_numbers },
	{ "repair", fuzz_repair, seed_numbers },
};

/* An input's first byte chooses the target. */
static void run_input(const u8 *data, size_t size)
{
	if (size)
		targets[data[0] % ARRAY_SIZE(targets)].run(data + 1, size - 1);
}

#ifdef XTCP_LIBFUZZER
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	run_input(data, size);
	return 0;
}
#else

/* What ran last, for the report of a crash. */
static u8 last[1 + MAX_INPUT];
static size_t last_size;

static void report_crash(void)
{
	size_t i;

	printf("# the input was:");
	for (i = 0; i < last_size; i++)
		printf(" %02x", last[i]);
	printf("\nBail out! a target failed\n");
	fflush(stdout);
}

/* The sanitizers' own hook, where they are linked in. */
#pragma weak __sanitizer_set_death_callback
void __sanitizer_set_death_callback(void (*callback)(void));

static void on_abort(int signal)
{
	report_crash();
	_Exit(1);
}

static void fuzz_target(unsigned int which, unsigned long iterations)
{
	while (iterations--) {
		size_t size = rnd_below(16) ? targets[which].seed(last + 1) :
					      rnd_below(MAX_INPUT);

		size = mutate(last + 1, size);
		last[0] = which;
		last_size = 1 + size;
		run_input(last, last_size);
	}
}

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return 1;
	}
	last_size = fread(last, 1, sizeof(last), f);
	fclose(f);
	run_input(last, last_size);
	printf("%s: no failure\n", path);
	return 0;
}

/* One line of a corpus: hex digits, or a comment. */
static size_t from_hex(const char *line, u8 *data)
{
	size_t size = 0;
	unsigned int byte;

	while (size <= MAX_INPUT && sscanf(line, "%2x", &byte) == 1) {
		data[size++] = byte;
		line += 2;
	}
	return size;
}

static void keep(const char *dir, unsigned int n)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%03u", dir, n);
	f = fopen(path, "wb");
	CHECK(f && fwrite(last, 1, last_size, f) == last_size && !fclose(f));
}

/* Runs every input of a corpus, or makes files of them in @dir. */
static int use_corpus(const char *path, const char *dir)
{
	char line[2 * sizeof(last) + 2];
	FILE *f = fopen(path, "r");
	unsigned int n = 0;

	if (!f) {
		perror(path);
		return -1;
	}
	while (fgets(line, sizeof(line), f)) {
		last_size = line[0] == '#' ? 0 : from_hex(line, last);
		if (!last_size)
			continue;
		n++;
		if (dir)
			keep(dir, n);
		else
			run_input(last, last_size);
	}
	fclose(f);
	return n;
}

static int explain(const char *name)
{
	fprintf(stderr, "%s [-n ITERATIONS] [-s SEED] [-c CORPUS [-x DIRECTORY]] [FILE ...]\n",
		name);
	return 2;
}

int main(int argc, char **argv)
{
	const char *corpus = NULL, *extract = NULL;
	unsigned long iterations = DEFAULT_ITERATIONS;
	unsigned int i, n = 0;
	int opt;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((opt = getopt(argc, argv, "n:s:c:x:")) != -1) {
		switch (opt) {
		case 'n':
			iterations = strtoul(optarg, NULL, 0);
			break;
		case 's':
			rnd_state = strtoul(optarg, NULL, 0) ?: DEFAULT_SEED;
			break;
		case 'c':
			corpus = optarg;
			break;
		case 'x':
			extract = optarg;
			break;
		default:
			return explain(argv[0]);
		}
	}
	signal(SIGABRT, on_abort);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(report_crash);
	if (optind < argc) {
		int err = 0;

		while (optind < argc)
			err |= replay(argv[optind++]);
		return err;
	}

	if (extract)
		return !corpus || use_corpus(corpus, extract) <= 0;

	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(targets) + !!corpus);
	if (corpus) {
		int inputs = use_corpus(corpus, NULL);

		printf("%sok %u - corpus\n# %d inputs\n",
		       inputs > 0 ? "" : "not ", ++n, inputs);
		if (inputs <= 0)
			return 1;
	}
	printf("# seed %u, %lu inputs for each target\n", rnd_state, iterations);
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		fuzz_target(i, iterations);
		printf("ok %u - %s\n", ++n, targets[i].name);
	}
	printf("# Totals: pass:%u fail:0\n", n);
	return 0;
}
#endif
