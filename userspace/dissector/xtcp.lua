-- SPDX-License-Identifier: GPL-2.0
-- XTCP for Wireshark and tshark: Documentation/protocol.rst says what the bytes mean.
--
--   tshark -X lua_script:xtcp.lua -r FILE
--
-- or copy it to the folder that Help > About > Folders calls "Personal Lua Plugins".
--
-- Numbers are shown relative to each side's first one.  What the analysis adds in
-- brackets is found in the first pass over the capture and kept by frame number, since
-- frames are drawn again in any order.  What was overtaken on its way is told from what
-- was sent again by its timestamp: every segment has one, and a retransmission's is
-- later than those of all that was sent before it.

local xtcp = Proto("xtcp", "XTCP")

xtcp.prefs.relative = Pref.bool("Relative sequence numbers", true,
	"Count sequence and acknowledgment numbers from each side's first one")
xtcp.prefs.checksum = Pref.bool("Validate the checksum", false,
	"Segments captured before a card or a virtual link has finished their sum are told")
xtcp.prefs.protocol = Pref.uint("IP protocol", 253, "The number that the module was loaded with")

local MOD = 2 ^ 32
local HALF = 2 ^ 31
local HEADER = 28		-- bytes without options
local WORD = 4			-- bytes that one of hlen counts
local COOKIE_V1 = 24		-- bytes of the cookie that XTCP/1 servers make

-- --- fields ---------------------------------------------------------------------------

local F = {
	srcport = ProtoField.uint16("xtcp.srcport", "Source port"),
	dstport = ProtoField.uint16("xtcp.dstport", "Destination port"),
	port = ProtoField.uint16("xtcp.port", "Port"),
	stream = ProtoField.uint32("xtcp.stream", "Stream"),
	len = ProtoField.uint32("xtcp.len", "Payload"),
	seq = ProtoField.uint32("xtcp.seq", "Sequence number"),
	seq_raw = ProtoField.uint32("xtcp.seq_raw", "Sequence number (raw)"),
	nxtseq = ProtoField.uint32("xtcp.nxtseq", "Next sequence number"),
	ack = ProtoField.uint32("xtcp.ack", "Acknowledgment number"),
	ack_raw = ProtoField.uint32("xtcp.ack_raw", "Acknowledgment number (raw)"),
	hdr_len = ProtoField.uint16("xtcp.hdr_len", "Header length"),
	flags = ProtoField.uint8("xtcp.flags", "Flags", base.HEX),
	flags_res = ProtoField.uint8("xtcp.flags.reserved", "Reserved", base.HEX, nil, 0xe0),
	flags_ack = ProtoField.bool("xtcp.flags.ack", "Acknowledgment", 8, nil, 0x10),
	flags_push = ProtoField.bool("xtcp.flags.push", "Push", 8, nil, 0x08),
	flags_reset = ProtoField.bool("xtcp.flags.reset", "Reset", 8, nil, 0x04),
	flags_syn = ProtoField.bool("xtcp.flags.syn", "Syn", 8, nil, 0x02),
	flags_fin = ProtoField.bool("xtcp.flags.fin", "Fin", 8, nil, 0x01),
	checksum = ProtoField.uint16("xtcp.checksum", "Checksum", base.HEX),
	checksum_status = ProtoField.string("xtcp.checksum.status", "Checksum status"),
	window = ProtoField.uint32("xtcp.window", "Window"),
	tsval = ProtoField.uint32("xtcp.tsval", "Timestamp value (us)"),
	tsecr = ProtoField.uint32("xtcp.tsecr", "Timestamp echo (us)"),
	options = ProtoField.none("xtcp.options", "Options"),
	opt_kind = ProtoField.uint8("xtcp.option.kind", "Kind"),
	opt_len = ProtoField.uint8("xtcp.option.len", "Length"),
	opt_must = ProtoField.bool("xtcp.option.must_understand", "Must be understood", 8, nil, 0x80),
	opt_unknown = ProtoField.bytes("xtcp.option.unknown", "Unknown option"),
	mss = ProtoField.uint16("xtcp.options.mss", "Largest payload"),
	version = ProtoField.uint8("xtcp.options.version", "Protocol version"),
	features = ProtoField.uint24("xtcp.options.features", "Features", base.HEX),
	feature_ecn = ProtoField.bool("xtcp.options.features.ecn", "ECN", 24, nil, 0x000001),
	cookie = ProtoField.bytes("xtcp.options.cookie", "Cookie"),
	cookie_key = ProtoField.uint8("xtcp.options.cookie.key", "Key"),
	cookie_version = ProtoField.uint8("xtcp.options.cookie.version", "Version"),
	cookie_mss = ProtoField.uint16("xtcp.options.cookie.mss", "Client's MSS"),
	cookie_features = ProtoField.uint32("xtcp.options.cookie.features", "Accepted features", base.HEX),
	cookie_time = ProtoField.uint32("xtcp.options.cookie.time", "Made at (s)"),
	cookie_isn = ProtoField.uint32("xtcp.options.cookie.isn", "Client's initial sequence number"),
	cookie_mac = ProtoField.bytes("xtcp.options.cookie.mac", "MAC"),
	sack_left = ProtoField.uint32("xtcp.options.sack.left", "Left edge"),
	sack_right = ProtoField.uint32("xtcp.options.sack.right", "Right edge"),
	sack_count = ProtoField.uint8("xtcp.options.sack.count", "Blocks"),
	dsack = ProtoField.bool("xtcp.options.sack.dsack", "First block reports a duplicate"),
	ecn_bytes = ProtoField.uint32("xtcp.options.ecn", "Bytes that arrived marked"),
	fastopen = ProtoField.bytes("xtcp.options.fastopen", "Fast-open cookie"),
	urgent = ProtoField.uint32("xtcp.options.urgent", "Urgent data ends before"),
	payload = ProtoField.bytes("xtcp.payload", "Payload bytes"),
	acks_frame = ProtoField.framenum("xtcp.analysis.acks_frame", "Acknowledges the segment in",
		base.NONE, frametype.ACK),
	ack_rtt = ProtoField.double("xtcp.analysis.ack_rtt", "Time since that (s)"),
	dup_ack_num = ProtoField.uint32("xtcp.analysis.duplicate_ack_num", "Duplicate number"),
}
for _, field in pairs(F) do
	table.insert(xtcp.fields, field)
end

-- flag: { what stands in the Info column, expert group, severity }.  The order is that
-- in which several are shown.
local ORDER = { "retransmission", "spurious_retransmission", "out_of_order", "duplicate",
	"lost_segment", "ack_lost_segment", "keep_alive", "keep_alive_ack", "zero_window_probe",
	"zero_window_probe_ack", "zero_window", "window_full", "window_update", "duplicate_ack", "reused_ports", "reset" }
local KNOWN = {
	retransmission = { "Retransmission", expert.group.SEQUENCE, expert.severity.NOTE },
	spurious_retransmission = { "Spurious retransmission", expert.group.SEQUENCE,
		expert.severity.NOTE },
	out_of_order = { "Out-of-order", expert.group.SEQUENCE, expert.severity.WARN },
	duplicate = { "Duplicate of the path", expert.group.SEQUENCE, expert.severity.NOTE },
	lost_segment = { "Previous segment not captured", expert.group.SEQUENCE,
		expert.severity.WARN },
	ack_lost_segment = { "Acknowledges what was not captured", expert.group.SEQUENCE,
		expert.severity.WARN },
	keep_alive = { "Keep-alive", expert.group.SEQUENCE, expert.severity.NOTE },
	keep_alive_ack = { "Keep-alive ACK", expert.group.SEQUENCE, expert.severity.NOTE },
	zero_window_probe = { "Zero-window probe", expert.group.SEQUENCE, expert.severity.NOTE },
	zero_window_probe_ack = { "Zero-window probe ACK", expert.group.SEQUENCE,
		expert.severity.NOTE },
	zero_window = { "Zero window", expert.group.SEQUENCE, expert.severity.WARN },
	window_full = { "Window full", expert.group.SEQUENCE, expert.severity.WARN },
	window_update = { "Window update", expert.group.SEQUENCE, expert.severity.CHAT },
	duplicate_ack = { "Duplicate ACK", expert.group.SEQUENCE, expert.severity.NOTE },
	reused_ports = { "Ports used again", expert.group.SEQUENCE, expert.severity.NOTE },
	reset = { nil, expert.group.SEQUENCE, expert.severity.WARN, "Connection reset" },
}
local E = {
	malformed = ProtoExpert.new("xtcp.malformed", "Malformed: receivers drop it",
		expert.group.MALFORMED, expert.severity.ERROR),
	must = ProtoExpert.new("xtcp.unknown_option", "Must be understood, and is not known",
		expert.group.PROTOCOL, expert.severity.WARN),
	checksum = ProtoExpert.new("xtcp.checksum_bad", "Bad checksum",
		expert.group.CHECKSUM, expert.severity.ERROR),
}
for name, known in pairs(KNOWN) do
	E[name] = ProtoExpert.new("xtcp.analysis." .. name, known[1] or known[4],
		known[2], known[3])
end
for _, e in pairs(E) do
	table.insert(xtcp.experts, e)
end

local ip_src, ip_dst = Field.new("ip.src"), Field.new("ip.dst")
local ipv6_src, ipv6_dst = Field.new("ipv6.src"), Field.new("ipv6.dst")
local icmp, icmpv6 = Field.new("icmp.type"), Field.new("icmpv6.type")

-- What programs speak over XTCP, by port; "Decode as" offers it.
local by_port = DissectorTable.new("xtcp.port", "XTCP port", ftypes.UINT16, base.DEC, xtcp)
local data_dissector = Dissector.get("data")

-- --- what is remembered ---------------------------------------------------------------

local streams		-- name of a pair of ends: its latest stream
local found		-- frame: what was found out about its segment
local stream_count

function xtcp.init()
	streams, found, stream_count = {}, {}, 0
end

-- a - b on the circle: below 0 where a is before b
local function diff(a, b)
	local d = (a - b) % MOD
	return d < HALF and d or d - MOD
end

local function new_side()
	return { sent = {}, holes = {}, isns = {} }
end

local function new_stream()
	local s = { number = stream_count }
	stream_count = stream_count + 1
	return s
end

-- The stream of a segment, and its two sides: the sender's first.
local function find_stream(pinfo, seg)
	local a = tostring(pinfo.src) .. " " .. seg.srcport
	local b = tostring(pinfo.dst) .. " " .. seg.dstport
	local name = a < b and a .. " " .. b or b .. " " .. a
	local s = streams[name]

	-- a client that comes again, not one that repeats itself
	if s and seg.syn and not seg.ack_flag and s[a] and s[a].isn and s[a].isn ~= seg.seq
	   and not (s[b] and s[b].syn and not s[b].isns[1]) then
		s = nil
		seg.flags.reused_ports = true
	end
	if not s then
		s = new_stream()
		streams[name] = s
	end
	s[a] = s[a] or new_side()
	-- a connection with itself has one side only
	s[b] = s[b] or new_side()
	return s, s[a], s[b]
end

-- --- the analysis: of the first pass --------------------------------------------------

-- Sequence numbers [from, to) are here: true if some of them were missing.
local function fill(side, from, to)
	local filled, rest = false, {}
	for _, hole in ipairs(side.holes) do
		local left, right = hole[1], hole[2]
		if diff(from, right) < 0 and diff(to, left) > 0 then
			filled = true
			if diff(left, from) < 0 then
				rest[#rest + 1] = { left, from }
			end
			if diff(to, right) < 0 then
				rest[#rest + 1] = { to, right }
			end
		else
			rest[#rest + 1] = hole
		end
	end
	side.holes = rest
	return filled
end

-- The first number of each side.  A listener keeps nothing, so it may answer with one
-- number today and another tomorrow: which of them counts, the client's ACK tells.
local function learn_isn(seg, me, peer)
	if seg.syn then
		me.syn = true
		if me.isn ~= seg.seq then
			if seg.ack_flag then
				me.isns[#me.isns + 1] = seg.seq
			end
			me.isn, me.nxt, me.holes, me.sent = seg.seq, nil, {}, {}
		end
	elseif not me.isn and not seg.rst then
		me.isn = (seg.seq - 1) % MOD
	end
	if seg.ack_flag and not seg.syn and not seg.rst then
		if not peer.isn then
			peer.isn = (seg.ack - 1) % MOD
		end
		for _, isn in ipairs(peer.isns) do
			if seg.ack == (isn + 1) % MOD and isn ~= peer.isn then
				peer.isn, peer.nxt, peer.holes, peer.sent = isn, seg.ack, {}, {}
			end
		end
	end
end

-- Sequence numbers that were sent before, in whole or in part.
local function judge_again(seg, me, peer)
	local flags = seg.flags
	local before = me.sent[seg.nxt]
	local filled = fill(me, seg.seq, seg.nxt)
	if before and before.seq == seg.seq and before.tsval == seg.tsval then
		flags.duplicate = true
	elseif filled and diff(seg.tsval, me.ts_high) <= 0 then
		flags.out_of_order = true
	elseif peer.ack and diff(seg.nxt, peer.ack) <= 0 then
		flags.spurious_retransmission = true
	else
		flags.retransmission = true
	end
end

local function judge_sending(seg, me, peer)
	local flags = seg.flags
	local takes = seg.nxt ~= seg.seq
	local pure = not (seg.syn or seg.fin or seg.rst)

	if me.nxt and pure and seg.len == 0 and diff(seg.seq, me.nxt) == -1 then
		if peer.win == 0 then
			flags.zero_window_probe = true
		else
			flags.keep_alive = true
		end
		return
	end
	if me.nxt and takes and not seg.rst then
		local ahead = diff(seg.seq, me.nxt)
		if ahead > 0 then
			flags.lost_segment = true
			me.holes[#me.holes + 1] = { me.nxt, seg.seq }
		elseif ahead < 0 then
			judge_again(seg, me, peer)
		end
	end
	if takes and (not me.nxt or diff(seg.nxt, me.nxt) > 0) then
		me.nxt, me.ts_high = seg.nxt, seg.tsval
	elseif not me.nxt then
		me.nxt, me.ts_high = seg.seq, seg.tsval
	end
	if seg.len > 0 and peer.ack and peer.win and peer.win > 0
	   and seg.nxt == (peer.ack + peer.win) % MOD then
		flags.window_full = true
	end
end

local function judge_ack(seg, me, peer, probed)
	local flags = seg.flags
	local bare = seg.len == 0 and not (seg.syn or seg.fin or seg.rst)

	if peer.nxt and diff(seg.ack, peer.nxt) > 0 then
		flags.ack_lost_segment = true
		peer.nxt = seg.ack
	end
	if bare and me.ack == seg.ack and not flags.keep_alive
	   and not flags.zero_window_probe then
		if probed then
			flags[probed .. "_ack"] = true
		elseif me.win ~= seg.window then
			if seg.window ~= 0 then
				flags.window_update = true
			end
		elseif seg.seq == me.nxt and peer.nxt and diff(peer.nxt, seg.ack) > 0 then
			me.dups = (me.dups or 0) + 1
			flags.duplicate_ack = true
			seg.dup_num = me.dups
		end
	end
	if seg.window == 0 and not seg.syn then
		flags.zero_window = true
	end
	if not me.ack or diff(seg.ack, me.ack) > 0 then
		local sent = peer.sent[seg.ack]
		if sent then
			seg.acks_frame, seg.ack_rtt = sent.frame, seg.time - sent.time
		end
		me.ack, me.dups = seg.ack, 0
	end
	me.win = seg.window
end

local function analyse(pinfo, seg)
	local s, me, peer = find_stream(pinfo, seg)
	local probed = peer.probe

	learn_isn(seg, me, peer)
	judge_sending(seg, me, peer)
	if seg.rst then
		seg.flags.reset = true
	elseif seg.ack_flag then
		judge_ack(seg, me, peer, probed)
	elseif seg.syn then
		me.win = seg.window
	end
	me.probe = seg.flags.keep_alive and "keep_alive"
		or seg.flags.zero_window_probe and "zero_window_probe"
	peer.probe = nil
	if seg.nxt ~= seg.seq then
		-- of one sent again nobody knows which is acknowledged
		me.sent[seg.nxt] = { frame = seg.frame, time = seg.time, seq = seg.seq,
			tsval = seg.tsval }
	end
	seg.stream = s.number
	seg.seq_base, seg.ack_base = me.isn or 0, peer.isn or 0
	if seg.syn and seg.ack_flag then
		seg.seq_base = seg.seq
	end
	found[seg.frame] = seg
end

-- --- the checksum ---------------------------------------------------------------------

-- The 16-bit words of a range, added up; an odd last byte counts as a high one.
local function add_words(range, sum)
	local bytes = range:bytes()
	local n = bytes:len()
	for i = 0, n - 2, 2 do
		sum = sum + bytes:get_index(i) * 256 + bytes:get_index(i + 1)
	end
	if n % 2 == 1 then
		sum = sum + bytes:get_index(n - 1) * 256
	end
	return sum
end

local function fold(sum)
	while sum > 0xffff do
		sum = sum % 0x10000 + math.floor(sum / 0x10000)
	end
	return sum
end

-- good, partial (a card was to finish it), bad; nil where no pseudo-header is known
local function checksum_status(tvb, seen)
	local src, dst = { ip_src() }, { ip_dst() }
	if #src == 0 then
		src, dst = { ipv6_src() }, { ipv6_dst() }
	end
	if #src == 0 or #dst == 0 then
		return nil
	end
	local len = tvb:len()
	local pseudo = add_words(src[#src].range, add_words(dst[#dst].range,
		xtcp.prefs.protocol + len % 0x10000 + math.floor(len / 0x10000)))
	if fold(add_words(tvb:range(), pseudo)) == 0xffff then
		return "good"
	end
	return fold(pseudo) == seen and "partial" or "bad"
end

-- --- options --------------------------------------------------------------------------

-- A reader of each kind: (range of data, tree, segment, info); false: impossible length.
local function read_mss(range, tree, _, info)
	if range:len() ~= 2 then
		return false
	end
	tree:add(F.mss, range)
	info[#info + 1] = "MSS=" .. range:uint()
end

local function read_features(range, tree, _, info)
	if range:len() ~= 4 then
		return false
	end
	tree:add(F.version, range(0, 1))
	local bits = tree:add(F.features, range(1, 3))
	bits:add(F.feature_ecn, range(1, 3))
	if range(3, 1):bitfield(7, 1) == 1 then
		info[#info + 1] = "ECN"
	end
end

local function read_cookie(range, tree, _, info)
	info[#info + 1] = "COOKIE"
	if not range then
		return
	end
	local sub = tree:add(F.cookie, range)
	if range:len() == COOKIE_V1 then
		-- only the server that made it knows for sure
		sub:add(F.cookie_key, range(0, 1))
		sub:add(F.cookie_version, range(1, 1))
		sub:add(F.cookie_mss, range(2, 2))
		sub:add(F.cookie_features, range(4, 4))
		sub:add(F.cookie_time, range(8, 4))
		sub:add(F.cookie_isn, range(12, 4))
		sub:add(F.cookie_mac, range(16, 8))
	end
end

local function read_sack(range, tree, seg, info)
	if not range or range:len() % 8 ~= 0 then
		return false
	end
	local n, base_seq = range:len() / 8, xtcp.prefs.relative and seg.ack_base or 0
	local shown, first, dsack = {}, nil, false
	tree:add(F.sack_count, n):set_generated()
	for i = 0, n - 1 do
		local left, right = range(i * 8, 4), range(i * 8 + 4, 4)
		local l, r = left:uint(), right:uint()
		tree:add(F.sack_left, left, (l - base_seq) % MOD)
		tree:add(F.sack_right, right, (r - base_seq) % MOD)
		shown[#shown + 1] = string.format("%.0f-%.0f", (l - base_seq) % MOD,
			(r - base_seq) % MOD)
		if i == 0 then
			first = { l, r }
			dsack = diff(l, seg.ack) < 0
		elseif i == 1 and diff(first[1], l) >= 0 and diff(first[2], r) <= 0 then
			dsack = true
		end
	end
	if dsack then
		tree:add(F.dsack, true):set_generated()
	end
	info[#info + 1] = (dsack and "DSACK=" or "SACK=") .. table.concat(shown, ",")
end

local function read_ecn(range, tree, _, info)
	if not range or range:len() ~= 4 then
		return false
	end
	tree:add(F.ecn_bytes, range)
	info[#info + 1] = "CE=" .. string.format("%.0f", range:uint())
end

local function read_fastopen(range, tree, _, info)
	info[#info + 1] = range and "FASTOPEN" or "FASTOPEN-request"
	if range then
		tree:add(F.fastopen, range)
	end
end

local function read_urgent(range, tree, seg, info)
	if not range or range:len() ~= 4 then
		return false
	end
	local base_seq = xtcp.prefs.relative and seg.seq_base or 0
	local value = (range:uint() - base_seq) % MOD
	tree:add(F.urgent, range, value)
	info[#info + 1] = string.format("URG=%.0f", value)
end

-- Takes care of the ranges that Wireshark does not have: empty ones.
local function fixed(read)
	return function(range, tree, seg, info)
		if not range then
			return false
		end
		return read(range, tree, seg, info)
	end
end

local OPTIONS = {
	{ "MSS", fixed(read_mss) }, { "FEATURES", fixed(read_features) },
	{ "COOKIE", read_cookie }, { "SACK", read_sack }, { "ECN", read_ecn },
	{ "FASTOPEN", read_fastopen }, { "URGENT", read_urgent },
}

local function bad_options(tree, why)
	tree:add_proto_expert_info(E.malformed, why .. ": receivers drop the segment")
end

local function dissect_options(tvb, at, stop, tree, seg, info)
	local all = tree:add(F.options, tvb(at, stop - at))
	local seen = {}
	while at < stop do
		local kind = tvb(at, 1):uint()
		if kind == 0 then
			at = at + 1
		else
			if at + 1 >= stop then
				return bad_options(all, "an option without a length")
			end
			local len = tvb(at + 1, 1):uint()
			if len < 2 or at + len > stop then
				return bad_options(all, "an option of impossible length")
			end
			local known = OPTIONS[kind]
			local range = len > 2 and tvb(at + 2, len - 2) or nil
			local sub = all:add(tvb(at, len), known and known[1] or "Unknown")
			sub:add(F.opt_kind, tvb(at, 1))
			sub:add(F.opt_len, tvb(at + 1, 1))
			if known then
				if seen[kind] then
					bad_options(sub, "an option twice")
				end
				seen[kind] = true
				if known[2](range, sub, seg, info) == false then
					bad_options(sub, "an option of impossible length")
				end
			else
				sub:add(F.opt_must, tvb(at, 1))
				sub:add(F.opt_unknown, tvb(at, len))
				info[#info + 1] = "option " .. kind
				if kind >= 0x80 then
					sub:add_proto_expert_info(E.must)
				end
			end
			at = at + len
		end
	end
end

-- --- one segment ----------------------------------------------------------------------

local FLAGS = { { 7, "FIN" }, { 6, "SYN" }, { 5, "RST" }, { 4, "PSH" }, { 3, "ACK" } }

local function flag_names(range)
	local names = {}
	for _, f in ipairs(FLAGS) do
		if range:bitfield(f[1], 1) == 1 then
			names[#names + 1] = f[2]
		end
	end
	return table.concat(names, ", ")
end

local function read_segment(tvb, pinfo, hdr_len)
	local flags = tvb(13, 1)
	local seg = {
		frame = pinfo.number, time = pinfo.rel_ts,
		srcport = tvb(0, 2):uint(), dstport = tvb(2, 2):uint(),
		seq = tvb(4, 4):uint(), ack = tvb(8, 4):uint(),
		fin = flags:bitfield(7, 1) == 1, syn = flags:bitfield(6, 1) == 1,
		rst = flags:bitfield(5, 1) == 1, ack_flag = flags:bitfield(3, 1) == 1,
		window = tvb(16, 4):uint(), tsval = tvb(20, 4):uint(),
		-- a capture may have kept less than there was
		len = tvb:reported_len() - hdr_len,
		flags = {},
	}
	seg.nxt = (seg.seq + seg.len + (seg.syn and 1 or 0) + (seg.fin and 1 or 0)) % MOD
	return seg
end

local function show_analysis(tree, seg, info)
	local words = {}
	for _, name in ipairs(ORDER) do
		if seg.flags[name] then
			local word = KNOWN[name][1]
			tree:add_proto_expert_info(E[name])
			if name == "duplicate_ack" then
				word = word .. " #" .. seg.dup_num
				tree:add(F.dup_ack_num, seg.dup_num):set_generated()
			end
			if word then
				words[#words + 1] = "[" .. word .. "] "
			end
		end
	end
	if seg.acks_frame then
		tree:add(F.acks_frame, seg.acks_frame):set_generated()
		tree:add(F.ack_rtt, seg.ack_rtt):set_generated()
	end
	table.insert(info, 1, table.concat(words))
end

local function show_header(tvb, tree, seg, hdr_len)
	local seq_base = xtcp.prefs.relative and seg.seq_base or 0
	local ack_base = xtcp.prefs.relative and seg.ack_base or 0

	tree:add(F.srcport, tvb(0, 2))
	tree:add(F.dstport, tvb(2, 2))
	tree:add(F.port, tvb(0, 2)):set_hidden()
	tree:add(F.port, tvb(2, 2)):set_hidden()
	tree:add(F.stream, seg.stream):set_generated()
	tree:add(F.len, seg.len):set_generated()
	tree:add(F.seq, tvb(4, 4), (seg.seq - seq_base) % MOD)
	tree:add(F.seq_raw, tvb(4, 4))
	tree:add(F.nxtseq, (seg.nxt - seq_base) % MOD):set_generated()
	tree:add(F.ack, tvb(8, 4), seg.ack_flag and (seg.ack - ack_base) % MOD or seg.ack)
	tree:add(F.ack_raw, tvb(8, 4))
	tree:add(F.hdr_len, tvb(12, 1), hdr_len):append_text(" bytes")
	local bits = tree:add(F.flags, tvb(13, 1)):append_text(" (" .. seg.names .. ")")
	for _, f in ipairs({ F.flags_res, F.flags_ack, F.flags_push, F.flags_reset,
			     F.flags_syn, F.flags_fin }) do
		bits:add(f, tvb(13, 1))
	end
	local sum = tree:add(F.checksum, tvb(14, 2))
	if xtcp.prefs.checksum and tvb:len() == tvb:reported_len() then
		local status = checksum_status(tvb, tvb(14, 2):uint())
		if status then
			sum:append_text(" [" .. status .. "]")
			tree:add(F.checksum_status, status):set_generated()
		end
		if status == "bad" then
			sum:add_proto_expert_info(E.checksum)
		end
	end
	tree:add(F.window, tvb(16, 4))
	tree:add(F.tsval, tvb(20, 4))
	tree:add(F.tsecr, tvb(24, 4))
	return (seg.seq - seq_base) % MOD, (seg.ack - ack_base) % MOD
end

function xtcp.dissector(tvb, pinfo, root)
	if tvb:len() < HEADER then
		-- the head of a segment that an ICMP error quotes, or a broken one
		local tree = root:add(xtcp, tvb())
		tree:add_proto_expert_info(E.malformed, "Shorter than a header")
		return tvb:len()
	end
	local hdr_len = tvb(12, 1):uint() * WORD
	local quoted = icmp() or icmpv6()
	local bad = hdr_len < HEADER or hdr_len > tvb:reported_len()
	if bad then
		hdr_len = HEADER
	end
	local seg = read_segment(tvb, pinfo, hdr_len)
	if quoted or bad then
		seg.seq_base, seg.ack_base, seg.stream = 0, 0, 0
	elseif found[pinfo.number] then
		seg = found[pinfo.number]
	else
		analyse(pinfo, seg)
	end
	seg.names = flag_names(tvb(13, 1))

	local tree = root:add(xtcp, tvb(0, hdr_len), string.format("XTCP, %d to %d, %d bytes",
		seg.srcport, seg.dstport, seg.len))
	local seq, ack = show_header(tvb, tree, seg, hdr_len)
	local info = { string.format("%d → %d [%s] Seq=%.0f", seg.srcport, seg.dstport,
		seg.names, seq) }
	if seg.ack_flag then
		info[#info + 1] = string.format("Ack=%.0f", ack)
	end
	info[#info + 1] = string.format("Win=%.0f Len=%d", seg.window, seg.len)
	if bad then
		tree:add_proto_expert_info(E.malformed, "Impossible header length")
	elseif hdr_len > HEADER and tvb:len() >= hdr_len then
		dissect_options(tvb, HEADER, hdr_len, tree, seg, info)
	end
	show_analysis(tree, seg, info)
	if not quoted then
		pinfo.cols.protocol = "XTCP"
		pinfo.cols.info = info[1] .. table.concat(info, " ", 2)
		pinfo.src_port, pinfo.dst_port = seg.srcport, seg.dstport
	end

	if not bad and tvb:len() > hdr_len then
		local rest = tvb(hdr_len):tvb()
		tree:add(F.payload, tvb(hdr_len)):set_hidden()
		if not quoted and by_port:try(seg.dstport, rest, pinfo, root) == 0
		   and by_port:try(seg.srcport, rest, pinfo, root) == 0 then
			data_dissector:call(rest, pinfo, root)
		end
	end
	return tvb:len()
end

-- --- where it is found ----------------------------------------------------------------

local registered
local function register()
	local table_of_protocols = DissectorTable.get("ip.proto")
	if registered ~= xtcp.prefs.protocol then
		if registered then
			table_of_protocols:remove(registered, xtcp)
		end
		registered = xtcp.prefs.protocol
		table_of_protocols:add(registered, xtcp)
	end
end
xtcp.prefs_changed = register
register()
