# shellcheck shell=bash disable=SC2154,SC2054
# Sourced by lab/vm: puts the command line of the virtual machine into run=().
# (Its words hold commas, and lab/vm sets the names that are only used here.)

# kvm_works: /dev/kvm may exist and still hang (nested hypervisors), so only a
# trial boot tells. Asked once per kernel and boot of the host.
kvm_works()
{
	local note try
	[ -c /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo || return 1
	note=$CACHE/kvm-$(basename "$boot")-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$note" ]; then
		try=no
		# in a shell of its own: this one would tell that QEMU crashed
		(timeout -k 1 20 "${qemu[@]}" -accel kvm -cpu host -serial "file:$vm/trial" \
			-append "$append lab.trial" || :) </dev/null >/dev/null 2>&1
		! grep -q 'trial boot works' "$vm/trial" 2>/dev/null || try=yes
		echo "$try" >"$note"
	fi
	[ "$(cat "$note")" = yes ]
}

qemu_machine()
{
	local append share qemu
	# tsc=unstable: on a busy host the emulated TSC is calibrated wrongly, by a factor
	# of three at worst, and sleeps, timeouts and the lockup detector then come early.
	append='console=ttyS0 loglevel=5 log_buf_len=2M panic=-1 mitigations=off nokaslr'
	append+=' audit=0 lsm=yama cryptomgr.notests tsc=unstable no_timer_check'
	append+=' rcupdate.rcu_expedited=1 random.trust_cpu=on lab.fs=9p'
	append+=' watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120'
	append+=" lab.kernel=${kernel/./-} ${apps:+lab.apps}"
	qemu=(qemu-system-x86_64 -nodefaults -no-user-config -nographic -no-reboot
		-smp "$cpus" -m "$mem" -device virtio-rng-pci
		-kernel "$boot/vmlinuz" -initrd "$boot/initramfs")

	if kvm_works; then
		run=("${qemu[@]}" -accel kvm -cpu host)
	else
		# a plain CPU: what newer ones do in one instruction (rep movsb, AVX)
		# is slower to emulate than a loop; ten times for copies
		run=("${qemu[@]}" -accel tcg,thread=multi -cpu qemu64,+rdrand)
	fi
	run+=(-append "$append" -serial "file:$vm/console")
	for share in root tree kselftest vm out $apps; do
		case $share in
		vm | out) readonly=off ;;
		*) readonly=on ;;
		esac
		run+=(-fsdev "local,id=$share,path=$vm/$share/,security_model=none,multidevs=remap,readonly=$readonly"
			-device "virtio-9p-pci,fsdev=$share,mount_tag=$share")
	done
	run+=(-device virtio-serial-pci)
	if [ $# -eq 0 ]; then
		run+=(-chardev stdio,id=tty,mux=on,signal=off -device virtconsole,chardev=tty)
	else
		run+=(-chardev "file,id=out,path=$vm/stdout" -device virtserialport,chardev=out,name=stdout
			-chardev "file,id=err,path=$vm/stderr" -device virtserialport,chardev=err,name=stderr)
	fi
}

uml_machine()
{
	run=("$(path_of "uml-$kernel")/linux" "mem=${mem}M" seccomp=on
		"umid=$(basename "$vm")" "uml_dir=$vm/uml"
		"initrd=$boot/initramfs" lab.fs=hostfs "lab.vm=$vm" "lab.kernel=$kernel"
		${apps:+lab.apps} loglevel=5 log_buf_len=2M random.trust_cpu=on
		dummy.numdummies=0 ifb.numifbs=0)
	[ "$kernel" != wan ] || run+=(time-travel=inf-cpu)
	[ "$kernel" != debug ] || run+=("ncpus=$cpus")
	# slab_debug=F: only caches that are checked go without sheaves, whose unused
	# slots keep pointers to lost objects, where kmemleak finds them
	[ "$kmemleak" = 0 ] || run+=(kmemleak=on slab_debug=F)
	if [ $# -eq 0 ]; then
		run+=(con0=null,fd:2 con1=fd:0,fd:1)
		run=(sh -c "exec \"\$@\" 2>>'$vm/console'" sh "${run[@]}")
	else
		run+=(con0=null,fd:1 con1=null,fd:3 con2=null,fd:4)
	fi
}
