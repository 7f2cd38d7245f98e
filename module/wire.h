/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The XTCP/1 segment on the wire: layout, parsing, building.
 * Documentation/protocol.rst section 2.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          source port          |       destination port        |   0
 * +-------------------------------+-------------------------------+
 * |                        sequence number                        |   4
 * +---------------------------------------------------------------+
 * |                     acknowledgment number                     |   8
 * +---------------+---------------+-------------------------------+
 * |     hlen      |     flags     |           checksum            |  12
 * +---------------+---------------+-------------------------------+
 * |                            window                             |  16
 * +---------------------------------------------------------------+
 * |                    timestamp value  (µs)                      |  20
 * +---------------------------------------------------------------+
 * |                    timestamp echo   (µs)                      |  24
 * +---------------------------------------------------------------+
 * |                    options, 0 to 992 bytes                    |  28
 */
#ifndef _XTCP_WIRE_H
#define _XTCP_WIRE_H

#include <linux/bits.h>
#include <linux/types.h>

struct xtcphdr {
	__be16	source;
	__be16	dest;
	__be32	seq;
	__be32	ack_seq;
	__u8	hlen;		/* 32-bit words, options included */
	__u8	flags;
	__sum16	check;
	__be32	window;
	__be32	tsval;
	__be32	tsecr;
};

#define XTCP_HDR_LEN		28	/* bytes, without options */
#define XTCP_MAX_HDR_LEN	1020	/* bytes: 255 words */
#define XTCP_MAX_OPT_LEN	(XTCP_MAX_HDR_LEN - XTCP_HDR_LEN)

/* Flags: TCP's bit positions; the others are sent 0 and ignored. */
#define XTCP_FIN		0x01
#define XTCP_SYN		0x02
#define XTCP_RST		0x04
#define XTCP_PSH		0x08
#define XTCP_ACK		0x10
#define XTCP_FLAGS_KNOWN	0x1f

/* Option kinds */
#define XTCP_OPT_PAD		0
#define XTCP_OPT_MSS		1	/* u16 */
#define XTCP_OPT_FEATURES	2	/* u8 version, u24 bits */
#define XTCP_OPT_COOKIE		3	/* opaque */
#define XTCP_OPT_SACK		4	/* n * (u32 left, u32 right) */
#define XTCP_OPT_ECN		5	/* u32 */
#define XTCP_OPT_FASTOPEN	6	/* empty or cookie */
#define XTCP_OPT_URGENT		7	/* u32 */
#define XTCP_OPT_MUST		0x80	/* bit: unknown means refuse */

#define XTCP_OPTLEN_MSS		4
#define XTCP_OPTLEN_FEATURES	6
#define XTCP_OPTLEN_ECN		6
#define XTCP_OPTLEN_URGENT	6
#define XTCP_OPTLEN_HDR		2	/* kind and length */
#define XTCP_SACK_BLOCK_LEN	8

/* An option's length is one byte: (255 - 2) / 8 blocks. */
#define XTCP_MAX_SACK		31

#define XTCP_VERSION		1
#define XTCP_FEATURE_ECN	BIT(0)	/* bit of the u24 */

/* Serial arithmetic needs windows of less than half a turn. */
#define XTCP_MAX_WINDOW		0x3fffffffu	/* bytes */

#define XTCP_MIN_MSS		88	/* bytes; smaller offers are raised */
#define XTCP_DEFAULT_MSS	512	/* bytes, without MSS option: RFC 9293's
					 * 536 less our longer header, rounded
					 */

struct xtcp_sack_block {
	u32	start;		/* first sequence number held */
	u32	end;		/* the one after the last */
};

/**
 * struct xtcp_opts - the options of one received segment
 * @present: BIT(kind) for each known kind seen
 * @mss: bytes; valid when present
 * @version: protocol version of FEATURES
 * @features: FEATURES bits (24 of them)
 * @ecn_bytes: ECN count
 * @urg_seq: URGENT: sequence number after the urgent byte
 * @sack_n: number of SACK blocks
 * @cookie_len: bytes of cookie, 0 to 253
 * @fastopen_len: bytes of fast-open cookie, 0 to 253
 * @sack: first SACK block, in the segment; read with xtcp_opt_sack()
 * @cookie: first byte, in the segment
 * @fastopen: first byte, in the segment
 *
 * The pointers are into the buffer that was parsed and live as long as it.
 */
struct xtcp_opts {
	u8		present;
	u8		version;
	u16		mss;
	u32		features;
	u32		ecn_bytes;
	u32		urg_seq;
	u8		sack_n;
	u8		cookie_len;
	u8		fastopen_len;
	const u8	*sack;
	const u8	*cookie;
	const u8	*fastopen;
};

static inline bool xtcp_opt_has(const struct xtcp_opts *o, unsigned int kind)
{
	return o->present & BIT(kind);
}

/**
 * struct xtcp_opts_out - the options to put on a segment
 * @present: BIT(kind) for each option to send; the others' members are not
 *	looked at
 * @version: protocol version of FEATURES
 * @mss: bytes
 * @features: FEATURES bits, the low 24
 * @ecn_bytes: ECN count
 * @urg_seq: URGENT: sequence number after the urgent byte
 * @sack_n: SACK blocks, at most XTCP_MAX_SACK; 0: no option
 * @cookie_len: bytes of cookie, 0 to 253
 * @fastopen_len: bytes of fast-open cookie, 0 to 253
 * @sack: blocks, host order, newest first
 * @cookie: first byte
 * @fastopen: first byte
 */
struct xtcp_opts_out {
	u8				present;
	u8				version;
	u16				mss;
	u32				features;
	u32				ecn_bytes;
	u32				urg_seq;
	u8				sack_n;
	u8				cookie_len;
	u8				fastopen_len;
	const struct xtcp_sack_block	*sack;
	const u8			*cookie;
	const u8			*fastopen;
};

enum xtcp_parse {
	XTCP_PARSE_OK = 0,
	XTCP_PARSE_HLEN,	/* hlen < 7 or beyond the segment: drop */
	XTCP_PARSE_OPT_LEN,	/* an option of impossible length: drop */
	XTCP_PARSE_OPT_MUST,	/* unknown must-understand option */
};

enum xtcp_parse xtcp_parse_hlen(const struct xtcphdr *th, unsigned int seg_len,
				unsigned int *hdr_len);
enum xtcp_parse xtcp_parse_opts(const u8 *opt, unsigned int len,
				struct xtcp_opts *opts);
struct xtcp_sack_block xtcp_opt_sack(const struct xtcp_opts *opts,
				     unsigned int i);
unsigned int xtcp_opts_len(const struct xtcp_opts_out *opts);
void xtcp_build_opts(u8 *buf, const struct xtcp_opts_out *opts);
const char *xtcp_flags_str(u8 flags, char *buf);

#define XTCP_FLAGS_STR_LEN	24	/* "SYN|ACK|..." with the NUL */

#endif /* _XTCP_WIRE_H */
