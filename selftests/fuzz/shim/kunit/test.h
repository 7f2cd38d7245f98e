/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of KUnit's interface as the suites in module/tests use, so that the
 * very same files run in user space under the sanitizers: ../../unit_pure.c.
 */
#ifndef _SHIM_KUNIT_TEST_H
#define _SHIM_KUNIT_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/slab.h>

struct kunit_mem {
	struct kunit_mem *next;
	void *p;
};

struct kunit {
	bool			failed;
	jmp_buf			abort;
	struct kunit_mem	*mem;
};

struct kunit_case {
	void (*run)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char		*name;
	int (*init)(struct kunit *test);
	struct kunit_case	*test_cases;
	struct kunit_suite	*next;
};

#define KUNIT_CASE(fn)	{ .run = (fn), .name = #fn }

void kunit_add_suite(struct kunit_suite *suite);
void *kunit_kmalloc(struct kunit *test, size_t size, int gfp);
void *kunit_kzalloc(struct kunit *test, size_t size, int gfp);

#define kunit_test_suites(suite)					\
	static void __attribute__((constructor)) shim_register(void)	\
	{								\
		kunit_add_suite(suite);					\
	}								\
	extern int shim_unused

/* In the last argument: nothing, or a format and its values. */
#define SHIM_FAIL(test, fatal, text, ...) do {				\
	printf("# %s:%d: %s ", __FILE__, __LINE__, text);		\
	printf("" __VA_ARGS__);						\
	printf("\n");							\
	(test)->failed = true;						\
	if (fatal)							\
		longjmp((test)->abort, 1);				\
} while (0)

#define SHIM_CMP(test, fatal, a, op, b, ...) do {			\
	__typeof__(a) va_ = (a);					\
	__typeof__(b) vb_ = (b);					\
									\
	if (!(va_ op vb_)) {						\
		printf("# %lld, %lld\n", (long long)va_, (long long)vb_); \
		SHIM_FAIL(test, fatal, #a " " #op " " #b, __VA_ARGS__); \
	}								\
} while (0)

#define SHIM_TRUE(test, fatal, what, text) do {				\
	if (!(what))							\
		SHIM_FAIL(test, fatal, text);				\
} while (0)

#define KUNIT_EXPECT_EQ(t, a, b)	SHIM_CMP(t, false, a, ==, b)
#define KUNIT_EXPECT_NE(t, a, b)	SHIM_CMP(t, false, a, !=, b)
#define KUNIT_EXPECT_LT(t, a, b)	SHIM_CMP(t, false, a, <, b)
#define KUNIT_EXPECT_LE(t, a, b)	SHIM_CMP(t, false, a, <=, b)
#define KUNIT_EXPECT_GT(t, a, b)	SHIM_CMP(t, false, a, >, b)
#define KUNIT_EXPECT_GE(t, a, b)	SHIM_CMP(t, false, a, >=, b)
#define KUNIT_ASSERT_EQ(t, a, b)	SHIM_CMP(t, true, a, ==, b)
#define KUNIT_ASSERT_NE(t, a, b)	SHIM_CMP(t, true, a, !=, b)
#define KUNIT_ASSERT_LT(t, a, b)	SHIM_CMP(t, true, a, <, b)
#define KUNIT_ASSERT_LE(t, a, b)	SHIM_CMP(t, true, a, <=, b)
#define KUNIT_ASSERT_GE(t, a, b)	SHIM_CMP(t, true, a, >=, b)
#define KUNIT_EXPECT_EQ_MSG(t, a, b, ...) \
	SHIM_CMP(t, false, a, ==, b, __VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(t, a, b, ...) \
	SHIM_CMP(t, true, a, ==, b, __VA_ARGS__)
#define KUNIT_EXPECT_TRUE(t, c)		SHIM_TRUE(t, false, c, #c)
#define KUNIT_EXPECT_FALSE(t, c)	SHIM_TRUE(t, false, !(c), "not " #c)
#define KUNIT_ASSERT_TRUE(t, c)		SHIM_TRUE(t, true, c, #c)
#define KUNIT_EXPECT_NULL(t, p)		SHIM_TRUE(t, false, !(p), #p)
#define KUNIT_ASSERT_NOT_NULL(t, p)	SHIM_TRUE(t, true, (p) != NULL, #p)
#define KUNIT_EXPECT_PTR_EQ(t, a, b)	SHIM_TRUE(t, false, (a) == (b), #a)
#define KUNIT_EXPECT_STREQ(t, a, b)	SHIM_TRUE(t, false, !strcmp(a, b), #a)
#define KUNIT_EXPECT_STRNEQ(t, a, b)	SHIM_TRUE(t, false, strcmp(a, b), #a)

#endif
