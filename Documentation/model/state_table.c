// SPDX-License-Identifier: GPL-2.0
/* Prints what module/state.c answers, as table.awk prints transitions.txt. */
#include <stdio.h>

#include "../../module/state.c"

static void arrow(const char *event, enum xtcp_state from, enum xtcp_state to)
{
	if (from != to)
		printf("%s %s %s\n", event, xtcp_state_name(from),
		       xtcp_state_name(to));
}

int main(void)
{
	enum xtcp_state from, to;
	bool fin;

	for (from = XTCP_ESTABLISHED; from < XTCP_NR_STATES; from++) {
		printf("state %s %d\n", xtcp_state_name(from), from);
		for (to = XTCP_ESTABLISHED; to < XTCP_NR_STATES; to++)
			if (xtcp_state_allowed(from, to))
				arrow("allowed", from, to);
		to = xtcp_state_on_close(from, &fin);
		arrow(fin ? "close+fin" : "close", from, to);
		arrow("fin", from, xtcp_state_on_fin(from));
		arrow("fin_acked", from, xtcp_state_on_fin_acked(from));
	}
	return 0;
}
