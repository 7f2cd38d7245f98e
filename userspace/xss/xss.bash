# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of xss for bash.

_xss()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local options='--all --listening --numeric --processes --extended --options --info
		--memory --summary --kill --ipv4 --ipv6 --family --xtcp --no-header --oneline
		--net --json --watch --count --version --help'
	local states='established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed
		close-wait last-ack listening closing all connected synchronized bucket big'

	case $prev in
	state | exclude)
		mapfile -t COMPREPLY < <(compgen -W "$states" -- "$cur")
		return
		;;
	-f | --family)
		mapfile -t COMPREPLY < <(compgen -W 'inet inet6' -- "$cur")
		return
		;;
	-N | --net)
		mapfile -t COMPREPLY < <(compgen -W "$(ip netns list 2>/dev/null |
			awk '{ print $1 }')" -- "$cur")
		return
		;;
	dev)
		mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W 'state exclude src dst sport dport dev
			fwmark autobound and or not' -- "$cur")
	fi
}

complete -F _xss xss
