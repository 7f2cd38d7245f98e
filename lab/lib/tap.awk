# Count the cases of one TAP or KTAP file. The innermost results count; the line of
# a suite only repeats what is under it. Prints
#   counts PASSED FAILED SKIPPED
#   failed NAME              for each that did
#   skipped NAME: REASON     likewise
# -v status=S: how the program ended (4 is kselftest's "skipped"), -v seconds=T its time
# A missing or broken plan, or a bad end without a failed case, is a failure too.

function depth(s) { match(s, /^ */); return RLENGTH }

# close what is deeper than d: returns whether results were there
function had_below(d,   i, had)
{
	for (i in below)
		if (i + 0 > d && below[i]) {
			had = 1
			below[i] = 0
		}
	return had
}

function problem(what) { failed++; list = list "failed " what "\n" }

{ sub(/\r$/, "") }

/^1\.\.[0-9]+/ {
	split($0, plan, /[. ]+/)
	planned = plan[2]
	has_plan = 1
	if (planned == 0) {
		reason = $0
		sub(/^[^#]*(# *(SKIP)? *)?/, "", reason)
		skipped++
		list = list "skipped all: " reason "\n"
	}
	next
}

/^ *(not )?ok( |$)/ {
	d = depth($0)
	parent = had_below(d)
	below[d] = 1
	if (d == 0)
		results++
	line = $0
	bad = sub(/^ *not ok */, "", line)
	if (!bad)
		sub(/^ *ok */, "", line)
	sub(/^[0-9]+ *(- *)?/, "", line)
	skip = match(line, /# *(SKIP|skip|Skip|TODO|XFAIL)/)
	name = skip ? substr(line, 1, RSTART - 1) : line
	reason = skip ? substr(line, RSTART + RLENGTH) : ""
	sub(/ +$/, "", name)
	sub(/^ +/, "", reason)
	if (bad && !skip)
		any_bad = 1
	if (parent)
		next
	if (skip) {
		skipped++
		list = list "skipped " name ": " reason "\n"
	} else if (bad)
		problem(name)
	else
		passed++
}

END {
	if (status == 124 || status == 137)
		problem("timed out after " seconds " s")
	else if (!has_plan && status == 4 && !results) {
		skipped++
		list = list "skipped all: the program said so\n"
	} else if (!has_plan)
		problem("no TAP plan, exit status " status)
	else if (planned != results + 0 && planned > 0)
		problem("planned " planned ", reported " results + 0 ", exit status " status)
	else if (status != 0 && status != 4 && !any_bad)
		problem("exit status " status)
	printf "counts %d %d %d\n%s", passed, failed, skipped, list
}
