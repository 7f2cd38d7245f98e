# SPDX-License-Identifier: GPL-2.0
# Turn transitions.txt into
#   -v as=promela	table.h, for the models
#   -v as=code		what state_table.c prints when module/state.c agrees
#   -v as=taken		the arrows that the models must take, all of them

function fail(why)
{
	print FILENAME ":" FNR ": " why >"/dev/stderr"
	failed = 1
	exit 1
}

function known(name)
{
	if (!(name in number))
		fail("no such state: " name)
}

{ sub(/#.*/, "") }
!NF { next }

$1 == "state" {
	number[$2] = $3
	names[++n_states] = $2
	next
}

$1 == "*" {
	if ($2 != "end" || $3 != "CLOSE")
		fail("the only arrow from everywhere is the end")
	ends = 1
	next
}

{
	if (NF < 3 || NF > 4 || (NF == 4 && $4 != "never"))
		fail("wants: FROM EVENT TO [never]")
	known($1)
	known($3)
	n++
	from[n] = $1
	event[n] = $2
	to[n] = $3
	never[n] = NF == 4
}

function promela(   i, e, allowed, after, sends)
{
	print "/* made from transitions.txt */"
	for (i = 1; i <= n_states; i++)
		printf "#define %s %d\n", names[i], number[names[i]]
	allowed = "(t) == CLOSE"
	sends = "false"
	for (i = 1; i <= n; i++) {
		allowed = allowed " || \\\n\t((f) == " from[i] " && (t) == " to[i] ")"
		e = event[i]
		if (e == "close+fin") {
			sends = sends " || (f) == " from[i]
			e = "close"
		}
		if (e == "close" || e == "fin" || e == "fin_acked")
			after[e] = after[e] " \\\n\t((f) == " from[i] " -> " to[i] " :"
		closed[e] = closed[e] ")"
	}
	print "#define ALLOWED(f, t) (" allowed ")"
	print "#define SENDS_FIN(f) (" sends ")"
	for (e in after)
		printf "#define AFTER_%s(f)%s (f)%s\n", toupper(e), after[e], closed[e]
}

# Pairs, once each, sorted by sort(1)
function code(   i, j, pair)
{
	for (i = 1; i <= n_states; i++) {
		print "state", names[i], number[names[i]]
		if (names[i] != "CLOSE")
			pair[names[i] " CLOSE"]
	}
	for (i = 1; i <= n; i++) {
		pair[from[i] " " to[i]]
		if (event[i] ~ /^(close|close\+fin|fin|fin_acked)$/)
			print event[i], from[i], to[i]
	}
	for (j in pair)
		print "allowed", j
}

function taken(   i, j, pair)
{
	for (i = 1; i <= n_states; i++)
		if (names[i] != "CLOSE")
			pair[number[names[i]] " " number["CLOSE"]]
	for (i = 1; i <= n; i++)
		if (!never[i])
			pair[number[from[i]] " " number[to[i]]]
	for (j in pair)
		print j
}

END {
	if (failed)
		exit 1
	if (!n || !n_states || !ends)
		fail("no states, no arrows, or no end")
	if (as == "promela")
		promela()
	else if (as == "code")
		code()
	else if (as == "taken")
		taken()
	else
		fail("as=promela, code or taken")
}
