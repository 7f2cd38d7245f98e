// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing and building of XTCP/1 headers: Documentation/protocol.rst
 * section 2.
 *
 * The fixed header needs no code: struct xtcphdr is laid over it.  What needs
 * care are the options, because their bytes come from anybody:
 *
 *	kind (1) | length of the whole option (1) | data
 *
 * with kind 0 as a single byte of padding.  One loop walks them; at each step
 * the length byte itself, then the whole option, must lie within what is left,
 * and the length must be the one that a known kind calls for.  Hence no read
 * passes the end, and every step takes at least one byte, so the loop ends.
 *
 * The verdict does not depend on the order of options: what is malformed
 * anywhere beats an unknown must-understand option anywhere.  So the walk
 * remembers the latter and goes on to the end.
 *
 * Nothing is copied: the parsed options point into the segment.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "wire.h"

#define XTCP_HLEN_WORD		4	/* bytes that one unit of hlen counts */
#define XTCP_KINDS		8	/* known kinds are below this */
#define XTCP_FEATURES_BITS	0x00ffffffu
#define XTCP_OPT_MAX_DATA	(U8_MAX - XTCP_OPTLEN_HDR)

/**
 * xtcp_parse_hlen() - length of a segment's header
 * @th: the segment; its first @seg_len bytes, or XTCP_HDR_LEN if that is
 *	less, are readable
 * @seg_len: bytes of the whole segment, header and payload
 * @hdr_len: out: bytes of the header with its options, XTCP_HDR_LEN to
 *	XTCP_MAX_HDR_LEN and at most @seg_len; written only on XTCP_PARSE_OK
 *
 * Any context.
 *
 * Return: XTCP_PARSE_OK or XTCP_PARSE_HLEN.
 */
enum xtcp_parse xtcp_parse_hlen(const struct xtcphdr *th, unsigned int seg_len,
				unsigned int *hdr_len)
{
	unsigned int len;

	BUILD_BUG_ON(sizeof(*th) != XTCP_HDR_LEN);

	if (seg_len < XTCP_HDR_LEN)
		return XTCP_PARSE_HLEN;
	len = th->hlen * XTCP_HLEN_WORD;
	if (len < XTCP_HDR_LEN || len > seg_len)
		return XTCP_PARSE_HLEN;
	*hdr_len = len;
	return XTCP_PARSE_OK;
}

/* May a known option be @len bytes long, its two bytes of header included? */
static bool opt_len_ok(u8 kind, u8 len)
{
	unsigned int data = len - XTCP_OPTLEN_HDR;

	switch (kind) {
	case XTCP_OPT_MSS:
		return len == XTCP_OPTLEN_MSS;
	case XTCP_OPT_FEATURES:
		return len == XTCP_OPTLEN_FEATURES;
	case XTCP_OPT_SACK:
		return data && data % XTCP_SACK_BLOCK_LEN == 0;
	case XTCP_OPT_ECN:
		return len == XTCP_OPTLEN_ECN;
	case XTCP_OPT_URGENT:
		return len == XTCP_OPTLEN_URGENT;
	default:		/* COOKIE, FASTOPEN: opaque, any length */
		return true;
	}
}

/* Take in one known option of right length: @len bytes of data at @data. */
static void opt_take(struct xtcp_opts *opts, u8 kind, const u8 *data, u8 len)
{
	opts->present |= BIT(kind);

	switch (kind) {
	case XTCP_OPT_MSS:
		opts->mss = get_unaligned_be16(data);
		break;
	case XTCP_OPT_FEATURES:
		opts->version = data[0];
		opts->features = get_unaligned_be32(data) & XTCP_FEATURES_BITS;
		break;
	case XTCP_OPT_COOKIE:
		opts->cookie = data;
		opts->cookie_len = len;
		break;
	case XTCP_OPT_SACK:
		opts->sack = data;
		opts->sack_n = len / XTCP_SACK_BLOCK_LEN;
		break;
	case XTCP_OPT_ECN:
		opts->ecn_bytes = get_unaligned_be32(data);
		break;
	case XTCP_OPT_FASTOPEN:
		opts->fastopen = data;
		opts->fastopen_len = len;
		break;
	case XTCP_OPT_URGENT:
		opts->urg_seq = get_unaligned_be32(data);
		break;
	}
}

/**
 * xtcp_parse_opts() - read a segment's options
 * @opt: first byte after the fixed header
 * @len: bytes of options, padding included: hdr_len - XTCP_HDR_LEN
 * @opts: out: what was found; all zero for what was not.  It is written
 *	whatever the verdict, and is only to be used when that is
 *	XTCP_PARSE_OK.
 *
 * Options of a wrong length, options beyond the header and a known option
 * that stands there twice are malformed.  Unknown ones are skipped, unless
 * they say that they must be understood.  What the values mean is not judged
 * here.  Any context; time linear in @len.
 *
 * Return: XTCP_PARSE_OK; XTCP_PARSE_OPT_LEN: malformed; XTCP_PARSE_OPT_MUST:
 * well-formed, with an unknown must-understand option.
 */
enum xtcp_parse xtcp_parse_opts(const u8 *opt, unsigned int len,
				struct xtcp_opts *opts)
{
	enum xtcp_parse verdict = XTCP_PARSE_OK;

	memset(opts, 0, sizeof(*opts));

	while (len) {
		u8 kind = opt[0];
		u8 opt_len;

		if (kind == XTCP_OPT_PAD) {
			opt++;
			len--;
			continue;
		}
		if (len < XTCP_OPTLEN_HDR)
			return XTCP_PARSE_OPT_LEN;
		opt_len = opt[1];
		if (opt_len < XTCP_OPTLEN_HDR || opt_len > len)
			return XTCP_PARSE_OPT_LEN;

		if (kind < XTCP_KINDS) {
			if (!opt_len_ok(kind, opt_len) ||
			    xtcp_opt_has(opts, kind))
				return XTCP_PARSE_OPT_LEN;
			opt_take(opts, kind, opt + XTCP_OPTLEN_HDR,
				 opt_len - XTCP_OPTLEN_HDR);
		} else if (kind & XTCP_OPT_MUST) {
			verdict = XTCP_PARSE_OPT_MUST;
		}
		opt += opt_len;
		len -= opt_len;
	}
	return verdict;
}

/**
 * xtcp_opt_sack() - one block of a parsed SACK option
 * @opts: options of a segment whose buffer still exists
 * @i: which; 0 is the newest; must be below @opts->sack_n
 *
 * Any context.
 *
 * Return: the block, host order, as the peer sent it: not judged.
 */
struct xtcp_sack_block xtcp_opt_sack(const struct xtcp_opts *opts,
				     unsigned int i)
{
	const u8 *p = opts->sack + i * XTCP_SACK_BLOCK_LEN;

	return (struct xtcp_sack_block) {
		.start = get_unaligned_be32(p),
		.end = get_unaligned_be32(p + sizeof(u32)),
	};
}

static bool out_has(const struct xtcp_opts_out *opts, unsigned int kind)
{
	return opts->present & BIT(kind);
}

/* Blocks to send: what fits an option.  None means no option: an empty SACK
 * would be malformed.
 */
static unsigned int out_sack_n(const struct xtcp_opts_out *opts)
{
	if (!out_has(opts, XTCP_OPT_SACK))
		return 0;
	return min_t(unsigned int, opts->sack_n, XTCP_MAX_SACK);
}

static unsigned int out_opaque_len(u8 len)
{
	return min_t(unsigned int, len, XTCP_OPT_MAX_DATA);
}

/* Bytes of the options of @opts before padding. */
static unsigned int out_raw_len(const struct xtcp_opts_out *opts)
{
	unsigned int n = out_sack_n(opts);
	unsigned int len = 0;

	if (out_has(opts, XTCP_OPT_MSS))
		len += XTCP_OPTLEN_MSS;
	if (out_has(opts, XTCP_OPT_FEATURES))
		len += XTCP_OPTLEN_FEATURES;
	if (out_has(opts, XTCP_OPT_COOKIE))
		len += XTCP_OPTLEN_HDR + out_opaque_len(opts->cookie_len);
	if (n)
		len += XTCP_OPTLEN_HDR + n * XTCP_SACK_BLOCK_LEN;
	if (out_has(opts, XTCP_OPT_ECN))
		len += XTCP_OPTLEN_ECN;
	if (out_has(opts, XTCP_OPT_FASTOPEN))
		len += XTCP_OPTLEN_HDR + out_opaque_len(opts->fastopen_len);
	if (out_has(opts, XTCP_OPT_URGENT))
		len += XTCP_OPTLEN_URGENT;
	return len;
}

/**
 * xtcp_opts_len() - room that options take in a header
 * @opts: the options; of @sack_n at most XTCP_MAX_SACK count, of the opaque
 *	lengths at most 253; SACK without blocks counts as absent
 *
 * Any context.
 *
 * Return: bytes, padding included: a multiple of 4, at most XTCP_MAX_OPT_LEN
 * (all options at their largest are 784 bytes).
 */
unsigned int xtcp_opts_len(const struct xtcp_opts_out *opts)
{
	return ALIGN(out_raw_len(opts), XTCP_HLEN_WORD);
}

static u8 *put_hdr(u8 *p, u8 kind, unsigned int data_len)
{
	p[0] = kind;
	p[1] = XTCP_OPTLEN_HDR + data_len;
	return p + XTCP_OPTLEN_HDR;
}

static u8 *put_u32(u8 *p, u8 kind, u32 value)
{
	p = put_hdr(p, kind, sizeof(value));
	put_unaligned_be32(value, p);
	return p + sizeof(value);
}

static u8 *put_opaque(u8 *p, u8 kind, const u8 *data, unsigned int len)
{
	p = put_hdr(p, kind, len);
	if (len)
		memcpy(p, data, len);
	return p + len;
}

static u8 *put_sack(u8 *p, const struct xtcp_sack_block *sack, unsigned int n)
{
	unsigned int i;

	p = put_hdr(p, XTCP_OPT_SACK, n * XTCP_SACK_BLOCK_LEN);
	for (i = 0; i < n; i++) {
		put_unaligned_be32(sack[i].start, p);
		put_unaligned_be32(sack[i].end, p + sizeof(u32));
		p += XTCP_SACK_BLOCK_LEN;
	}
	return p;
}

/**
 * xtcp_build_opts() - write options, in ascending order of kind, and padding
 * @buf: where the options begin; exactly xtcp_opts_len(@opts) bytes are
 *	written
 * @opts: the options
 *
 * Any context.
 */
void xtcp_build_opts(u8 *buf, const struct xtcp_opts_out *opts)
{
	unsigned int n = out_sack_n(opts);
	u8 *end = buf + xtcp_opts_len(opts);
	u8 *p = buf;

	if (out_has(opts, XTCP_OPT_MSS)) {
		p = put_hdr(p, XTCP_OPT_MSS, sizeof(opts->mss));
		put_unaligned_be16(opts->mss, p);
		p += sizeof(opts->mss);
	}
	if (out_has(opts, XTCP_OPT_FEATURES))
		p = put_u32(p, XTCP_OPT_FEATURES, (u32)opts->version << 24 |
			    (opts->features & XTCP_FEATURES_BITS));
	if (out_has(opts, XTCP_OPT_COOKIE))
		p = put_opaque(p, XTCP_OPT_COOKIE, opts->cookie,
			       out_opaque_len(opts->cookie_len));
	if (n)
		p = put_sack(p, opts->sack, n);
	if (out_has(opts, XTCP_OPT_ECN))
		p = put_u32(p, XTCP_OPT_ECN, opts->ecn_bytes);
	if (out_has(opts, XTCP_OPT_FASTOPEN))
		p = put_opaque(p, XTCP_OPT_FASTOPEN, opts->fastopen,
			       out_opaque_len(opts->fastopen_len));
	if (out_has(opts, XTCP_OPT_URGENT))
		p = put_u32(p, XTCP_OPT_URGENT, opts->urg_seq);

	while (p < end)
		*p++ = XTCP_OPT_PAD;
}

/**
 * xtcp_flags_str() - flags for people: traces and logs
 * @flags: the header's flags byte
 * @buf: at least XTCP_FLAGS_STR_LEN bytes
 *
 * Reserved bits, however many, show as one "?".  Any context.
 *
 * Return: @buf, such as "SYN|ACK"; "none" without any flag.
 */
const char *xtcp_flags_str(u8 flags, char *buf)
{
	static const struct {
		u8	mask;
		char	name[4];
	} names[] = {
		{ XTCP_FIN, "FIN" }, { XTCP_SYN, "SYN" }, { XTCP_RST, "RST" },
		{ XTCP_PSH, "PSH" }, { XTCP_ACK, "ACK" },
		{ (u8)~XTCP_FLAGS_KNOWN, "?" },
	};
	unsigned int i;
	char *p = buf;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i].name);

		if (!(flags & names[i].mask))
			continue;
		if (p != buf)
			*p++ = '|';
		memcpy(p, names[i].name, len);
		p += len;
	}
	if (p == buf) {
		memcpy(p, "none", 4);
		p += 4;
	}
	*p = '\0';
	return buf;
}
