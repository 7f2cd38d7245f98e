/* SPDX-License-Identifier: GPL-2.0 */
/* SHA-256 (FIPS 180-4), so that the file examples need no other library. */
#ifndef _SHA256_H
#define _SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t length;		/* bytes so far */
	unsigned char block[64];	/* length % 64 of them are waiting */
};

void sha256_init(struct sha256 *ctx);
void sha256_update(struct sha256 *ctx, const void *data, size_t len);
void sha256_final(struct sha256 *ctx, unsigned char digest[SHA256_SIZE]);

/* As sha256sum prints it. */
void sha256_text(const unsigned char digest[SHA256_SIZE],
		 char text[2 * SHA256_SIZE + 1]);

#endif /* _SHA256_H */
