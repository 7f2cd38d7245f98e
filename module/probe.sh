#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which of the kernel interfaces that changed does this kernel have?
# Distributions port changes back, so version numbers do not tell: look into
# the headers.  Writes #define lines for compat.h.
#
# usage: probe.sh SRCTREE > xtcp-probe.h

set -eu

inc=$1/include

# have NAME FILE EXTENDED-REGEX: the header holds a line like that
have() {
	if grep -Eq -- "$3" "$inc/$2" 2>/dev/null; then
		echo "#define XTCP_HAVE_$1 1"
	fi
}

echo "/* Made by probe.sh from the headers of one kernel. */"
have UNALIGNED_H linux/unaligned.h .
have SENDPAGE linux/net.h '\(\*sendpage\)'
have SOCKADDR_UNSIZED linux/socket.h '^struct sockaddr_unsized'
have PROTO_ACCEPT_ARG net/sock.h '^struct proto_accept_arg'
have IOCTL_KARG net/sock.h 'int[[:space:]]+\*karg'
have PINFO_OFFSET net/sock.h 'ipv6_pinfo_offset'
have SYSCTL_SZ net/net_namespace.h 'register_net_sysctl_sz'
have SK_UID net/sock.h 'kuid_t sk_uid\('
have TIMER_CONTAINER_OF linux/timer.h 'define timer_container_of'
have HRTIMER_SETUP linux/hrtimer.h 'hrtimer_setup\('
have SKB_CLOCK linux/skbuff.h 'SKB_CLOCK_MONOTONIC'
have DST_RT6_INFO net/ip6_fib.h 'dst_rt6_info\('
have RECV_ERROR_3 net/inet_common.h 'inet_recv_error\(.*int len\);'
have INET6_TEST_BIT linux/ipv6.h 'define inet6_test_bit\('
have FL_LIST_IN_INET net/inet_sock.h 'ipv6_fl_list'
have DIAG_OWNER linux/sock_diag.h 'struct module \*owner'
have CTL_CONST linux/sysctl.h 'typedef int proc_handler\(const struct ctl_table'
have PROTO_MEMORY_H net/proto_memory.h .
have GSO_H net/gso.h .
have SKBUFF_REF_H linux/skbuff_ref.h .
have SPLICE_FROM_ITER_GFP linux/skbuff.h '^[[:space:]]+ssize_t maxsize, gfp_t gfp\);'
have ZEROCOPY_DEVMEM linux/skbuff.h 'net_devmem_dmabuf_binding \*binding\);'
have CUSTOM_SOCKOPT linux/net.h 'SOCK_CUSTOM_SOCKOPT'
have RX_FILTER uapi/linux/net_tstamp.h 'SOF_TIMESTAMPING_OPT_RX_FILTER'
have SCM_KTIME linux/socket.h '^[[:space:]]+ktime_t ts\[3\];'
have TSTAMP_ACK_SK net/tcp.h 'TSTAMP_ACK_SK'
