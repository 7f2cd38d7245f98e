// SPDX-License-Identifier: GPL-2.0
/* The state machine: ../state.c */
#include "xtcp_kunit.h"
#include "../state.c"

#define EST	XTCP_ESTABLISHED
#define SS	XTCP_SYN_SENT
#define SR	XTCP_SYN_RECV
#define F1	XTCP_FIN_WAIT1
#define F2	XTCP_FIN_WAIT2
#define TW	XTCP_TIME_WAIT
#define CL	XTCP_CLOSE
#define CW	XTCP_CLOSE_WAIT
#define LA	XTCP_LAST_ACK
#define LI	XTCP_LISTEN
#define CG	XTCP_CLOSING

struct step {
	enum xtcp_state from;
	enum xtcp_state to;
};

/* The arrows of the drawing, one by one, but those to CLOSE. */
static const struct step steps[] = {
	{ CL, SS }, { CL, LI }, { CL, EST },
	{ SS, EST }, { SS, SR },
	{ SR, EST }, { SR, F1 }, { SR, CW },
	{ EST, F1 }, { EST, CW },
	{ F1, F2 }, { F1, CG }, { F1, TW },
	{ F2, TW }, { CG, TW }, { CW, LA },
};

static bool step_drawn(enum xtcp_state from, enum xtcp_state to)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i].from == from && steps[i].to == to)
			return true;
	}
	return from == to || to == CL;
}

static void state_allowed__is_the_drawing(struct kunit *test)
{
	enum xtcp_state from, to;

	for (from = EST; from < XTCP_NR_STATES; from++) {
		for (to = EST; to < XTCP_NR_STATES; to++) {
			KUNIT_EXPECT_EQ_MSG(test, xtcp_state_allowed(from, to),
					    step_drawn(from, to), "%s -> %s",
					    xtcp_state_name(from),
					    xtcp_state_name(to));
		}
	}
}

static void state_allowed__not_a_state(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(0, CL));
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(CL, 0));
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(0, 0));
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(XTCP_NR_STATES, CL));
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(CL, XTCP_NR_STATES));
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(CL, (enum xtcp_state)255));
}

static void state_allowed__listener_has_no_child_state(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(LI, SR));
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(LI, EST));
	KUNIT_EXPECT_FALSE(test, xtcp_state_allowed(LI, SS));
}

static void state_allowed__time_wait_only_ends(struct kunit *test)
{
	enum xtcp_state to;

	for (to = EST; to < XTCP_NR_STATES; to++)
		KUNIT_EXPECT_EQ(test, xtcp_state_allowed(TW, to),
				to == CL || to == TW);
}

static void state_name__all(struct kunit *test)
{
	enum xtcp_state a, b;

	for (a = EST; a < XTCP_NR_STATES; a++) {
		KUNIT_EXPECT_STRNEQ(test, xtcp_state_name(a), "?");
		for (b = a + 1; b < XTCP_NR_STATES; b++)
			KUNIT_EXPECT_STRNEQ(test, xtcp_state_name(a),
					    xtcp_state_name(b));
	}
	KUNIT_EXPECT_STREQ(test, xtcp_state_name(F1), "FIN_WAIT1");
	KUNIT_EXPECT_STREQ(test, xtcp_state_name(0), "?");
	KUNIT_EXPECT_STREQ(test, xtcp_state_name(XTCP_NR_STATES), "?");
}

static void check_close(struct kunit *test, enum xtcp_state from,
			enum xtcp_state to, bool fin)
{
	bool send_fin = !fin;

	KUNIT_EXPECT_EQ_MSG(test, xtcp_state_on_close(from, &send_fin), to,
			    "from %s", xtcp_state_name(from));
	KUNIT_EXPECT_EQ_MSG(test, send_fin, fin, "from %s",
			    xtcp_state_name(from));
}

static void state_on_close__all(struct kunit *test)
{
	check_close(test, EST, F1, true);
	check_close(test, SR, F1, true);
	check_close(test, CW, LA, true);
	check_close(test, SS, CL, false);
	check_close(test, LI, CL, false);
	check_close(test, F1, F1, false);
	check_close(test, F2, F2, false);
	check_close(test, CG, CG, false);
	check_close(test, LA, LA, false);
	check_close(test, TW, TW, false);
	check_close(test, CL, CL, false);
}

static void state_on_fin__all(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(EST), CW);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(SR), CW);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(F1), CG);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(F2), TW);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(CW), CW);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(CG), CG);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(LA), LA);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(TW), TW);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(CL), CL);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(LI), LI);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin(SS), SS);
}

static void state_on_fin_acked__all(struct kunit *test)
{
	enum xtcp_state s;

	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin_acked(F1), F2);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin_acked(CG), TW);
	KUNIT_EXPECT_EQ(test, xtcp_state_on_fin_acked(LA), CL);
	for (s = EST; s < XTCP_NR_STATES; s++) {
		if (s != F1 && s != CG && s != LA)
			KUNIT_EXPECT_EQ(test, xtcp_state_on_fin_acked(s), s);
	}
}

/* Whatever the three verbs answer must be a step that the table knows. */
static void state_on__never_leaves_the_table(struct kunit *test)
{
	enum xtcp_state s, next;
	bool fin;

	for (s = EST; s < XTCP_NR_STATES; s++) {
		next = xtcp_state_on_close(s, &fin);
		KUNIT_EXPECT_TRUE(test, xtcp_state_allowed(s, next));
		next = xtcp_state_on_fin(s);
		KUNIT_EXPECT_TRUE(test, xtcp_state_allowed(s, next));
		next = xtcp_state_on_fin_acked(s);
		KUNIT_EXPECT_TRUE(test, xtcp_state_allowed(s, next));
	}
}

/* The closings of RFC 9293 section 3.6, as sequences. */
static void state_on__closings(struct kunit *test)
{
	enum xtcp_state s;
	bool fin;

	/* ours first */
	s = xtcp_state_on_close(EST, &fin);
	s = xtcp_state_on_fin_acked(s);
	s = xtcp_state_on_fin(s);
	KUNIT_EXPECT_EQ(test, s, TW);
	/* the peer's first */
	s = xtcp_state_on_fin(EST);
	s = xtcp_state_on_close(s, &fin);
	s = xtcp_state_on_fin_acked(s);
	KUNIT_EXPECT_EQ(test, s, CL);
	/* both at once */
	s = xtcp_state_on_close(EST, &fin);
	s = xtcp_state_on_fin(s);
	KUNIT_EXPECT_EQ(test, s, CG);
	s = xtcp_state_on_fin_acked(s);
	KUNIT_EXPECT_EQ(test, s, TW);
}

static void state_sets__agree(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, XTCPF_CAN_SEND, XTCPF(EST) | XTCPF(CW));
	KUNIT_EXPECT_EQ(test, XTCPF_CAN_RECV,
			XTCPF(EST) | XTCPF(F1) | XTCPF(F2));
	KUNIT_EXPECT_EQ(test, XTCPF_CAN_SEND & ~XTCPF_SYNCHRONIZED, 0u);
	KUNIT_EXPECT_EQ(test, XTCPF_CAN_RECV & ~XTCPF_SYNCHRONIZED, 0u);
	KUNIT_EXPECT_EQ(test, XTCPF_SYNCHRONIZED &
			(XTCPF(CL) | XTCPF(LI) | XTCPF(SS) | XTCPF(SR)), 0u);
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(state_allowed__is_the_drawing),
	KUNIT_CASE(state_allowed__not_a_state),
	KUNIT_CASE(state_allowed__listener_has_no_child_state),
	KUNIT_CASE(state_allowed__time_wait_only_ends),
	KUNIT_CASE(state_name__all),
	KUNIT_CASE(state_on_close__all),
	KUNIT_CASE(state_on_fin__all),
	KUNIT_CASE(state_on_fin_acked__all),
	KUNIT_CASE(state_on__never_leaves_the_table),
	KUNIT_CASE(state_on__closings),
	KUNIT_CASE(state_sets__agree),
	{}
};

static struct kunit_suite state_suite = {
	.name = "xtcp_state",
	.test_cases = state_cases,
};

kunit_test_suites(&state_suite);
