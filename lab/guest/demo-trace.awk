# Draws one connection from the events of the tracepoint group xtcp, as both ends
# on this machine saw it: one row for each segment, with the states at both ends
# after it was sent and before the next one was.  The side that opens is on the
# left.  Fails unless the opening and both FINs are there.
#
#   ... 12.345678: xtcp_segment: out A:1 > B:2 flags=SYN|ACK seq=1 ack=0 len=0 ... state=X
#   ... 12.345678: xtcp_state: A:1 > B:2 X -> Y

function field(key,    i)
{
	for (i = 1; i <= NF; i++)
		if (index($i, key "=") == 1)
			return substr($i, length(key) + 2)
	return ""
}

# Of what is behind the name of the event: $at is its first word.
function find(event)
{
	for (at = 2; at <= NF; at++)
		if ($(at - 1) == event ":") {
			when = $(at - 2) + 0
			return 1
		}
	return 0
}

function relative(number, base)
{
	number -= base
	return number < 0 ? number + 4294967296 : number
}

# RFC 9293's name for it
function name(state)
{
	return state == "CLOSE" ? "CLOSED" : state
}

function line(n,    s)
{
	for (s = ""; n > 0; n--)
		s = s "-"
	return s
}

# The row that is being kept back until its states are known.
function flush(    left, right, text, arrow)
{
	if (!pending)
		return
	pending = 0
	left = name(state[client])
	right = name(state[server])
	text = " " segment " "
	arrow = line(46 - length(text))
	if (to_right)
		arrow = "--" text arrow ">"
	else
		arrow = "<" arrow text "--"
	printf "  %8.2f ms  %s%-11s%s  %s  %s%s%s\n", (row_time - start) * 1000,
	       left != old_left ? bold : dim, left, plain, arrow,
	       right != old_right ? bold : dim, right, plain
	old_left = left
	old_right = right
}

find("xtcp_state") {
	if ($at in state)
		state[$at] = $(at + 5)
	next
}

find("xtcp_segment") && $at == "out" {
	from = $(at + 1)
	to = $(at + 3)
	flags = field("flags")
	seq = field("seq")
	if (client == "") {
		if (flags != "SYN")
			next
		client = from
		server = to
		start = when
		state[client] = "CLOSED"
		state[server] = "LISTEN"
		old_left = "CLOSED"
		old_right = "LISTEN"
		printf "  %11s  client %s %*s server %s\n", "", client, 41 - length(client), "", server
		printf "  %11s  %-11s  %49s  %s\n", "", old_left, "", old_right
	}
	if (!(from == client && to == server) && !(from == server && to == client))
		next

	# a listener has no socket for the connection: its answer says LISTEN
	if (field("state") != "")
		state[from] = field("state")
	flush()
	if (flags ~ /SYN/ && !(from in base))
		base[from] = seq
	gsub(/[|,]/, " ", flags)
	segment = flags " seq=" relative(seq, base[from])
	if (flags ~ /ACK/)
		segment = segment " ack=" relative(field("ack"), base[to])
	if (field("len") > 0)
		segment = segment " len=" field("len")
	to_right = from == client
	row_time = when
	pending = 1
	seen[from, flags ~ /SYN/ ? "SYN" : flags ~ /FIN/ ? "FIN" : ""] = 1
	next
}

END {
	flush()
	exit !(seen[client, "SYN"] && seen[server, "SYN"] &&
	       seen[client, "FIN"] && seen[server, "FIN"])
}
