// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the KUnit suites of module/tests in user space and prints TAP: a case
 * is a result.  They run in the debug kernel as well; here they need none,
 * take a second, and AddressSanitizer and UBSan watch.
 */
#include <kunit/test.h>

static struct kunit_suite *suites;

void kunit_add_suite(struct kunit_suite *suite)
{
	struct kunit_suite **at = &suites;

	while (*at)
		at = &(*at)->next;
	*at = suite;
}

void *kunit_kmalloc(struct kunit *test, size_t size, int gfp)
{
	struct kunit_mem *mem = malloc(sizeof(*mem));

	if (!mem)
		abort();
	mem->p = malloc(size);
	mem->next = test->mem;
	test->mem = mem;
	return mem->p;
}

void *kunit_kzalloc(struct kunit *test, size_t size, int gfp)
{
	void *p = kunit_kmalloc(test, size, gfp);

	return p ? memset(p, 0, size) : p;
}

static void release(struct kunit *test)
{
	while (test->mem) {
		struct kunit_mem *mem = test->mem;

		test->mem = mem->next;
		free(mem->p);
		free(mem);
	}
}

static bool run_case(const struct kunit_suite *suite,
		     const struct kunit_case *c)
{
	struct kunit test = {};

	if (!setjmp(test.abort)) {
		if (suite->init)
			suite->init(&test);
		c->run(&test);
	}
	release(&test);
	return !test.failed;
}

int main(void)
{
	const struct kunit_suite *suite;
	const struct kunit_case *c;
	int n = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (suite = suites; suite; suite = suite->next) {
		for (c = suite->test_cases; c->run; c++)
			n++;
	}
	printf("TAP version 13\n1..%d\n", n);
	n = 0;
	for (suite = suites; suite; suite = suite->next) {
		for (c = suite->test_cases; c->run; c++) {
			bool ok = run_case(suite, c);

			failed += !ok;
			printf("%s %d - %s: %s\n", ok ? "ok" : "not ok", ++n,
			       suite->name, c->name);
		}
	}
	printf("# Totals: pass:%d fail:%d\n", n - failed, failed);
	return failed ? 1 : 0;
}
