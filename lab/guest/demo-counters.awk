# Reads /proc/net/xtcp_stat: a line of names and a line of numbers.
#   (nothing)      the counters that are not 0, aligned, three in a row
#   only="A B"     these counters, one in a line, 0 or not
#   value=A        the number of one counter and nothing else

BEGIN {
	wanted = split(only, list, " ")
}

NR == 1 {
	for (i = 2; i <= NF; i++)
		name[i] = $i
}

NR == 2 {
	for (i = 2; i <= NF; i++)
		number[name[i]] = $i
	if (value != "") {
		print number[value] + 0
		exit
	}
	for (i = 1; i <= wanted; i++)
		printf "  %-16s %10d\n", list[i], number[list[i]]
	if (wanted)
		exit
	for (i = 2; i <= NF; i++) {
		if (number[name[i]] == 0)
			continue
		printf "  %-20s %10.0f", name[i], number[name[i]]
		if (++shown % 3 == 0)
			print ""
	}
	if (shown % 3)
		print ""
}
