#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Does tshark understand XTCP?  Prints TAP.

usage: test_dissector.py DIRECTORY

DIRECTORY has what lab/guest/capture.py left: captures of real connections, and what
the sender's counters said meanwhile.  With it go segments by hand (segments.py).
"""

import collections
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import segments     # noqa: E402 (found by the line above)

LUA = os.path.join(os.path.dirname(HERE), 'xtcp.lua')
ANALYSIS = ('retransmission', 'spurious_retransmission', 'out_of_order', 'duplicate',
            'lost_segment', 'ack_lost_segment', 'keep_alive', 'keep_alive_ack',
            'zero_window_probe', 'zero_window_probe_ack', 'zero_window', 'window_update',
            'duplicate_ack', 'reused_ports', 'reset')
FIELDS = ('xtcp.seq', 'xtcp.ack', 'xtcp.len', 'xtcp.stream', 'xtcp.malformed',
          'xtcp.unknown_option', 'xtcp.checksum.status', 'xtcp.options.mss',
          'xtcp.options.features.ecn', 'xtcp.options.cookie', 'xtcp.options.cookie.mss',
          'xtcp.options.sack.left', 'xtcp.options.sack.right', 'xtcp.options.sack.dsack',
          'xtcp.options.ecn', 'xtcp.options.urgent', 'xtcp.flags.reserved', '_ws.col.Info',
          'xtcp.srcport', 'xtcp.analysis.ack_rtt') + tuple(f'xtcp.analysis.{a}' for a in ANALYSIS)

results = []


def tshark(*words):
    done = subprocess.run(['tshark', '-X', f'lua_script:{LUA}', *words], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode or 'Lua' in done.stderr or 'Lua' in done.stdout:
        raise AssertionError(done.stderr + done.stdout[-2000:])
    return done.stdout


def frames(file, *words):
    """Each frame's fields that are there, as text; two passes, as Wireshark draws"""
    fields = [w for f in FIELDS for w in ('-e', f)]
    out = tshark('-r', file, '-2', '-o', 'xtcp.checksum:TRUE', *words, '-T', 'fields', *fields)
    return [dict((f, v) for f, v in zip(FIELDS, line.split('\t')) if v)
            for line in out.splitlines()]


def count(all_frames, name):
    return sum(f'xtcp.analysis.{name}' in f for f in all_frames)


def case(function):
    """One line of TAP for a test, said at once"""
    name = function.__name__
    try:
        function()
        results.append(True)
        print(f'ok {len(results)} {name}', flush=True)
    except (AssertionError, KeyError, ValueError) as problem:
        results.append(False)
        print(f'not ok {len(results)} {name}')
        print('# ' + (repr(problem) + ' ' + str(problem)).replace('\n', '\n# '), flush=True)


def equal(got, wanted):
    assert got == wanted, f'{got!r}, not {wanted!r}'


def by_hand(directory):
    """What tshark makes of each segment of segments.py, by its name"""
    file = os.path.join(directory, 'by-hand.pcap')
    subprocess.run([os.path.join(HERE, 'segments.py'), file], check=True)
    found = frames(file)
    equal(len(found), len(segments.CASES))
    return {name: frame for (name, _), frame in zip(segments.CASES, found)}


def test_by_hand(seen):
    @case
    def options__opening():
        equal(seen['syn']['xtcp.options.mss'], '1500')
        assert seen['syn']['xtcp.options.features.ecn'] in ('1', 'True')
        assert 'FASTOPEN-request' in seen['syn']['_ws.col.Info']
        equal(seen['synack']['xtcp.options.cookie.mss'], '0')
        assert 'COOKIE' in seen['cookie']['_ws.col.Info']

    @case
    def numbers__relative_and_round_the_circle():
        equal([seen[n]['xtcp.seq'] for n in ('syn', 'wraps', 'behind_zero', 'urgent')],
              ['0', '1', '11', '21'])
        equal([seen[n]['xtcp.ack'] for n in ('synack', 'cookie', 'marked')], ['1', '1', '21'])

    @case
    def options__in_data():
        equal(seen['marked']['xtcp.options.ecn'], '4711')
        equal(seen['urgent']['xtcp.options.urgent'], '26')
        equal((seen['sack']['xtcp.options.sack.left'], seen['sack']['xtcp.options.sack.right']),
              ('20', '25'))

    @case
    def dsack__told_from_sack():
        equal([n for n in ('sack', 'dsack_below', 'dsack_within')
               if 'xtcp.options.sack.dsack' in seen[n]], ['dsack_below', 'dsack_within'])

    @case
    def malformed__told():
        wanted = {n for n, _ in segments.CASES if n.startswith(('option_', 'header_'))}
        equal({n for n in seen if 'xtcp.malformed' in seen[n]}, wanted | {'truncated'})

    @case
    def unknown_options__told_apart():
        equal({n for n in seen if 'xtcp.unknown_option' in seen[n]}, {'must'})
        assert 'option 9' in seen['unknown']['_ws.col.Info']

    @case
    def checksum__judged():
        equal({n: f['xtcp.checksum.status'] for n, f in seen.items()
               if f.get('xtcp.checksum.status', 'good') != 'good'},
              {'bad_sum': 'bad', 'partial_sum': 'partial', 'copied_by_the_path': 'partial'})

    @case
    def reserved_flags__shown():
        assert seen['reserved_flags']['xtcp.flags.reserved'] in ('0x07', '0xe0', '7')

    @case
    def copy__is_no_retransmission():
        frame = seen['copied_by_the_path']
        assert 'xtcp.analysis.duplicate' in frame, frame
        assert 'xtcp.analysis.retransmission' not in frame, frame

    @case
    def second_synack__the_ack_tells_which_counts():
        equal(seen['second_synack']['xtcp.seq'], '0')
        equal(seen['first_answered']['xtcp.ack'], '1')

    @case
    def ports_used_again__another_stream():
        equal((seen['reset']['xtcp.stream'], seen['again']['xtcp.stream']), ('0', '1'))
        equal(seen['again']['xtcp.seq'], '0')


def test_captures(directory, told):
    seen = collections.defaultdict(list)
    for scene in ('clean', 'loss', 'loss6', 'reorder', 'window', 'idle', 'refused'):
        seen[scene] = frames(os.path.join(directory, f'{scene}.pcap'), '-Y', 'xtcp')

    def sent_again(scene):
        return count(seen[scene], 'retransmission') + count(seen[scene],
                                                            'spurious_retransmission')

    def from_a(scene):
        return [f for f in seen[scene] if f['xtcp.srcport'] != '7000']

    @case
    def clean__nothing_to_say():
        assert len(seen['clean']) > 20
        equal([a for a in ANALYSIS if a != 'window_update' and count(seen['clean'], a)], [])
        # the SYN, the payload and the FIN
        last = max(int(f['xtcp.seq']) + int(f['xtcp.len']) for f in from_a('clean'))
        assert last in (100001, 100002), last

    @case
    def round_trip__that_of_the_path():
        measured = [float(f['xtcp.analysis.ack_rtt']) for f in seen['clean']
                    if f['xtcp.srcport'] == '7000' and 'xtcp.analysis.ack_rtt' in f]
        assert measured and min(measured) >= 0.0199, measured

    @case
    def loss__ipv4_as_many_as_the_sender_counted():
        assert told['loss', 'RetransSegs'] > 0
        equal(sent_again('loss'), told['loss', 'RetransSegs'])
        assert count(seen['loss'], 'duplicate_ack') > 0

    @case
    def loss__ipv6_as_many_as_the_sender_counted():
        assert told['loss6', 'RetransSegs'] > 0
        equal(sent_again('loss6'), told['loss6', 'RetransSegs'])

    @case
    def loss__nothing_overtaken():
        equal([count(seen[s], a) for s in ('loss', 'loss6')
               for a in ('out_of_order', 'lost_segment', 'ack_lost_segment')], [0] * 6)

    @case
    def reorder__overtaken_and_not_lost():
        assert count(seen['reorder'], 'out_of_order') > 10
        equal(sent_again('reorder'), told['reorder', 'RetransSegs'])

    @case
    def checksums__of_real_segments():
        equal({f['xtcp.checksum.status'] for s in seen for f in seen[s]} - {'good', 'partial'},
              set())

    @case
    def window__zero_probed_and_opened():
        assert count(seen['window'], 'zero_window') > 0
        assert 0 < count(seen['window'], 'zero_window_probe') <= told['window', 'WindowProbes']
        assert count(seen['window'], 'zero_window_probe_ack') > 0
        assert count(seen['window'], 'window_update') > 0
        equal(count(seen['window'], 'keep_alive'), 0)

    @case
    def idle__keep_alives():
        assert told['idle', 'KeepaliveProbes'] > 0
        equal(count(seen['idle'], 'keep_alive'), told['idle', 'KeepaliveProbes'])
        equal(count(seen['idle'], 'keep_alive_ack'), told['idle', 'KeepaliveProbes'])

    @case
    def reset__told():
        assert count(seen['refused'], 'reset') == 1
        assert count(seen['idle'], 'reset') > 0


def other_number(directory):
    @case
    def protocol__other_number():
        # what comes under another number is not ours
        out = tshark('-r', os.path.join(directory, 'idle.pcap'), '-o', 'xtcp.protocol:252',
                     '-Y', 'xtcp')
        equal(out, '')


def main():
    directory = sys.argv[1]
    told = {}
    with open(os.path.join(directory, 'counters'), encoding='ascii') as file:
        for line in file:
            scene, name, value = line.split()
            told[scene, name] = int(value)
    print('TAP version 13')
    with tempfile.TemporaryDirectory() as tmp:
        test_by_hand(by_hand(tmp))
    test_captures(directory, told)
    other_number(directory)
    print(f'1..{len(results)}')
    return not all(results)


if __name__ == '__main__':
    sys.exit(main())
