# shellcheck shell=bash
# Sourced by lab/setup and by what uses its artefacts: the recipe (what an
# artefact is made from) and the making of each.

# --- root file systems: a Debian suite with its kernel, headers and compiler ---

suite_of()
{
	case $1 in
	root-6.1 | root-tools) echo bookworm ;;
	root-6.12) echo trixie ;;
	root-7.2) echo sid ;;
	esac
}

# What the guests and the builds in a root need. The oldest root also builds
# User-Mode-Linux and user space, and holds the style checkers.
root_packages()
{
	cat <<-'EOF'
		linux-image-amd64 linux-headers-amd64 gcc make libc6-dev perl pkg-config
		busybox-static xz-utils kmod util-linux procps strace libcap2-bin
		iproute2 iputils-ping ethtool nftables tcpdump libmnl0 libmnl-dev
		python3 iperf3 curl netcat-openbsd socat openssl ca-certificates less
	EOF
	if [ "$1" = root-6.1 ]; then
		echo 'bc bison flex libelf-dev rsync sparse shellcheck'
	fi
}

recipe_root() { echo "2 $(suite_of "$1") $(root_packages "$1")"; }
recipe_root_6_1() { recipe_root root-6.1; }
recipe_root_6_12() { recipe_root root-6.12; }
recipe_root_7_2() { recipe_root root-7.2; }

# The package source that this machine is set up with, for any suite of it.
mirror()
{
	local codename
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
	# shellcheck disable=SC2016 # apt's own format string
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v c="$codename" '$1 == c && !n++ { print $2 }'
}

# private_apt DIRECTORY SUITE STATUS: from now on apt-get works there, with that suite and
# as if the packages of that dpkg status were installed; the host's lists stay as they are
private_apt()
{
	mkdir -p "$1/lists/partial" "$1/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $2 main" \
		>"$1/sources.list"
	cat >"$1/apt.conf" <<-EOF
		Dir::Etc::sourcelist "$1/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::State::lists "$1/lists";
		Dir::State::status "$3";
		Dir::Cache "$1";
		APT::Sandbox::User "root";
	EOF
	export APT_CONFIG=$1/apt.conf
	apt-get update
}

make_root()
{
	local name=$1 dir=$2 suite packages from
	suite=$(suite_of "$name")
	packages=$(root_packages "$name" | tr -s ' \n' ,)
	from=$(mirror)
	if [ -z "$from" ]; then
		# a machine that never asked for its package lists
		apt-get update >&2
		from=$(mirror)
	fi
	[ -n "$from" ] || die 1 'apt-get has no package source for this release of Debian'
	# an older debootstrap does not know younger suites, but sid's script fits all
	debootstrap --variant=minbase --include="${packages%,}" \
		"$suite" "$dir" "$from" /usr/share/debootstrap/scripts/sid
	# where builds and guests mount things (lib/in-root, guest/initramfs)
	mkdir -p "$dir/xtcp" "$dir/lab" "$dir/src" "$dir/uml" "$dir/mnt"
	rm -rf "$dir"/var/cache/apt/archives/*.deb "$dir"/var/lib/apt/lists/*
}
make_root_6_1() { make_root root-6.1 "$1"; }
make_root_6_12() { make_root root-6.12 "$1"; }
make_root_7_2() { make_root root-7.2 "$1"; }

# --- the programs of lab/apps: unpacked packages, to be laid over a root -----------------

apps_packages()
{
	cat <<-'EOF'
		iperf3 nginx wrk curl redis-server redis-tools postgresql memcached
		libmemcached-tools openssh-server openssh-client rsync haproxy socat git openssl
	EOF
}

# The root that kernel $1 runs with, as a layer of programs over it.
apps_of() { root_of "$1" | sed s/root/apps/; }

recipe_apps() { echo "2 $(apps_packages) $(recipe_root "root-$1")"; }
recipe_apps_6_1() { recipe_apps 6.1; }
recipe_apps_6_12() { recipe_apps 6.12; }
recipe_apps_7_2() { recipe_apps 7.2; }

# No script of a package runs: what needs a user or a configuration gets it from the test.
make_apps()
{
	local root dir=$2 deb tests
	root=$(path_of "root-$1")
	private_apt "$dir/apt" "$(suite_of "root-$1")" "$root/var/lib/dpkg/status"
	# Python's own tests, as long as the suite has them for the root's version
	tests=lib$(readlink "$root/usr/bin/python3")-testsuite
	apt-cache show "$tests" >/dev/null || tests=''
	# shellcheck disable=SC2046,SC2086 # lists of names
	apt-get install -y --download-only --no-install-recommends $(apps_packages) $tests
	mkdir -p "$dir"/usr/{bin,sbin,lib,lib64}
	# as the root has them, or these would hide its own
	ln -s usr/{bin,sbin,lib,lib64} "$dir"
	for deb in "$dir"/apt/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dir" \
			--exclude './usr/share/doc/*' --exclude './usr/share/man/*' \
			--exclude './usr/share/locale/*'
	done
	rm -rf "$dir/apt"
}
make_apps_6_1() { make_apps 6.1 "$1"; }
make_apps_6_12() { make_apps 6.12 "$1"; }
make_apps_7_2() { make_apps 7.2 "$1"; }

# fetch_debs DIRECTORY ROOT SUITE PACKAGE...: the files that ROOT lacks to have them
fetch_debs()
{
	local dir=$1 root=$2 suite=$3
	shift 3
	(
		private_apt "$dir/apt" "$suite" "$root/var/lib/dpkg/status"
		apt-get install -y --download-only --no-install-recommends "$@"
	)
	mv "$dir"/apt/archives/*.deb "$dir"
	rm -rf "$dir/apt"
}

# --- a root with the tools for packages, documentation and captures -------------------

TOOLS='build-essential pkg-config debhelper dh-dkms dh-python python3-all fakeroot
	libmnl-dev lintian man-db tshark python3-sphinx'

recipe_root_tools() { echo "1 $(suite_of root-tools)" $TOOLS; }

make_root_tools()
{
	local dir=$1 suite
	suite=$(suite_of root-tools)
	debootstrap --variant=minbase "$suite" "$dir" "$(mirror)" \
		/usr/share/debootstrap/scripts/sid
	mkdir -p "$dir/xtcp" "$dir/mnt" "$dir/debs"
	# shellcheck disable=SC2086 # a list of names
	fetch_debs "$dir/debs" "$dir" "$suite" $TOOLS
	mount -t proc proc "$dir/proc"
	DEBIAN_FRONTEND=noninteractive chroot "$dir" /usr/bin/env \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		sh -c 'apt-get install -y --no-install-recommends /debs/*.deb'
	umount "$dir/proc"
	rm -rf "$dir/debs" "$dir"/var/cache/apt/archives/*.deb "$dir"/var/lib/apt/lists/*
}

# --- what a root for a kernel lacks to have DKMS: lab/test-packages installs it --------

recipe_dkms() { echo "1 $1 $("recipe_$(fn "$(root_of "$1")")") dkms"; }
recipe_dkms_6_1() { recipe_dkms 6.1; }
recipe_dkms_6_12() { recipe_dkms 6.12; }

make_dkms()
{
	local root
	root=$(root_of "$1")
	fetch_debs "$2" "$(path_of "$root")" "$(suite_of "$root")" dkms
}
make_dkms_6_1() { make_dkms 6.1 "$1"; }
make_dkms_6_12() { make_dkms 6.12 "$1"; }

# --- the kernel's source, for User-Mode-Linux, kselftest and checkpatch --------

recipe_source()
{
	echo '1 sid linux-source'
	cat "$LAB/uml/stacktrace.patch"
}

make_source()
{
	local dir=$1 apt=$1/apt deb
	private_apt "$apt" sid /dev/null
	# linux-source depends on the package of the current version
	(cd "$apt" && apt-get download "$(apt-cache depends linux-source |
		awk '$1 == "Depends:" && !n++ { print $2 }')")
	deb=$(echo "$apt"/linux-source-*.deb)
	dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards '*/linux-source-*.tar.xz' |
		xz -dc | tar -x --strip-components=1 -C "$dir"
	rm -rf "$apt"
	cd "$dir"
	# git leaves out, without a word, what is not below a repository's top
	GIT_CEILING_DIRECTORIES=$CACHE git apply --verbose "$LAB/uml/stacktrace.patch"
}

# --- kselftest's harness and checkpatch, laid out as in the kernel's tree -------

recipe_kselftest() { echo '1 sid linux-source'; }

make_kselftest()
{
	local dir=$1 src self=tools/testing/selftests
	src=$(path_of source)
	mkdir -p "$dir/$self" "$dir/scripts"
	find "$src/$self" -maxdepth 1 -type f -exec cp -p -t "$dir/$self" {} +
	cp -rp "$src/$self/kselftest" "$dir/$self"
	for f in checkpatch.pl spelling.txt const_structs.checkpatch; do
		cp -p "$src/scripts/$f" "$dir/scripts"
	done
}

kselftest_dir() { echo "$(path_of kselftest)/tools/testing/selftests"; }

# --- User-Mode-Linux --------------------------------------------------------------

recipe_uml()
{
	echo "$1 $(recipe_source)"
	cat "$LAB/uml/common.config" "$LAB/uml/$1.config" "$LAB/lib/build-uml"
}
recipe_uml_wan() { recipe_uml wan; }
recipe_uml_debug() { recipe_uml debug; }

make_uml()
{
	local kernel=$1 dir=$2
	cat "$LAB/uml/common.config" "$LAB/uml/$kernel.config" >"$dir/fragment"
	in_root "$(path_of root-6.1)" "$(path_of source):/src" "$dir:/uml:rw" \
		"$LAB:/lab" -- /lab/lib/build-uml
}
make_uml_wan() { make_uml wan "$1"; }
make_uml_debug() { make_uml debug "$1"; }

# --- what a VM boots: kernel and initramfs ------------------------------------------

# Modules that a stock kernel needs to reach its root file system and its ports.
BOOT_MODULES='virtio_pci virtio_console virtio_rng 9pnet_virtio 9p overlay'

recipe_boot()
{
	echo "1 $1 $BOOT_MODULES $("recipe_$(fn "$(root_of "$1")")")"
	cat "$LAB/guest/initramfs" "$LAB/lib/build-initramfs"
}
recipe_boot_6_1() { recipe_boot 6.1; }
recipe_boot_6_12() { recipe_boot 6.12; }
recipe_boot_7_2() { recipe_boot 7.2; }
recipe_boot_uml() { recipe_boot wan; }

make_boot()
{
	local kernel=$1 dir=$2 root modules=''
	root=$(path_of "$(root_of "$kernel")")
	if ! is_uml "$kernel"; then
		modules=$BOOT_MODULES
		cp "$root"/boot/vmlinuz-* "$dir/vmlinuz"
	fi
	# shellcheck disable=SC2086 # a list of names
	in_root "$root" "$LAB:/lab" "$dir:/mnt:rw" -- /lab/lib/build-initramfs $modules
}
make_boot_6_1() { make_boot 6.1 "$1"; }
make_boot_6_12() { make_boot 6.12 "$1"; }
make_boot_7_2() { make_boot 7.2 "$1"; }
make_boot_uml() { make_boot wan "$1"; }

boot_of()
{
	if is_uml "$1"; then
		path_of boot-uml
	else
		path_of "boot-$1"
	fi
}
