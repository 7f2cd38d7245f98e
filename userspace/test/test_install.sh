#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What `make install` leaves, as TAP: can others build with it?  No module is needed.
# Argument: the directory with what was built (O= of the Makefile).

out=$(cd "$1" && pwd) || exit 1
here=$(cd "$(dirname "$0")/.." && pwd)
cc=${CC:-cc}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
prefix=$root/usr/local
functions=$(sed -n 's/^\t\(xtcp_[a-z_]*\);/\1/p' "$here/libxtcp/libxtcp.map")
n=0
failed=0

# ok STATUS NAME
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/said"
		failed=$((failed + 1))
	fi
}

echo "TAP version 13"
make -s -C "$here" O="$out" install DESTDIR="$root" PREFIX=/usr/local >"$tmp/said" 2>&1
ok $? "make install"

# every function with its version, and no other name
objdump -T "$prefix/lib/libxtcp.so" >"$tmp/symbols" 2>"$tmp/said" &&
	awk '/ g / && / \.text\t/ { print $(NF - 1), $NF }' "$tmp/symbols" | sort >"$tmp/exported"
for f in $functions; do
	echo "LIBXTCP_0 $f"
done | sort | diff - "$tmp/exported" >>"$tmp/said" 2>&1
ok $? "symbols and their versions"

# what the header declares is what is exported, and described
sed -n 's/^[a-z].*[ *]\(xtcp_[a-z_]*\)(.*/\1/p' "$prefix/include/xtcp.h" | sort >"$tmp/declared"
printf '%s\n' "$functions" | sort | diff - "$tmp/declared" >"$tmp/said" 2>&1
ok $? "the header declares them all"

: >"$tmp/said"
for f in $functions; do
	page=$prefix/share/man/man3/$f.3
	if ! grep -qx '.so man3/libxtcp.3' "$page" || ! grep -q "^\.BI\? \"\?.*$f" \
		"$prefix/share/man/man3/libxtcp.3"; then
		echo "$f has no manual page"
	fi
done >"$tmp/said" 2>&1
[ ! -s "$tmp/said" ]
ok $? "manual pages"

for f in $functions; do
	grep -qw "$f" "$prefix"/share/xtcp/examples/*.c || echo "no example of $f"
done >"$tmp/said"
[ ! -s "$tmp/said" ]
ok $? "an example of each function"

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
if command -v pkg-config >/dev/null; then
	read -ra flags < <(pkg-config --cflags --libs libxtcp 2>"$tmp/said")
	: >"$tmp/said"
	for source in "$prefix"/share/xtcp/examples/*_*.c; do
		more=()
		case $source in
		*/file_*) more=("${source%/*}/sha256.c") ;;
		esac
		"$cc" -Wall -Wextra -Werror -pthread -o "$tmp/program" "$source" "${more[@]}" \
			"${flags[@]}" >>"$tmp/said" 2>&1 || echo "$source" >>"$tmp/said"
	done
	[ ! -s "$tmp/said" ]
	ok $? "pkg-config: the examples build with what is installed"
else
	n=$((n + 1))
	echo "ok $n - pkg-config # SKIP it is not installed"
fi

cat >"$tmp/family.c" <<'END'
#include <stdio.h>
#include <xtcp.h>

int main(void)
{
	printf("%d\n", xtcp_family());
	return 0;
}
END
"$cc" -I"$prefix/include" -o "$tmp/family" "$tmp/family.c" -L"$prefix/lib" -lxtcp \
	>"$tmp/said" 2>&1 &&
	[ "$(LD_LIBRARY_PATH=$prefix/lib XTCP_FAMILY=2 "$tmp/family")" = 2 ]
ok $? "shared library"
"$cc" -I"$prefix/include" -o "$tmp/family" "$tmp/family.c" "$prefix/lib/libxtcp.a" \
	>"$tmp/said" 2>&1 && [ "$(XTCP_FAMILY=10 "$tmp/family")" = 10 ]
ok $? "static library"

module=$(find "$root" -name xtcp.py)
(cd "$tmp" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=${module%/*} XTCP_FAMILY=2 \
	python3 -c 'import xtcp; assert xtcp.family() == 2') >"$tmp/said" 2>&1
ok $? "Python module"

make -s -C "$here" O="$out" uninstall DESTDIR="$root" PREFIX=/usr/local >"$tmp/said" 2>&1 &&
	find "$root" ! -type d >>"$tmp/said" && [ ! -s "$tmp/said" ]
ok $? "make uninstall leaves nothing"

echo "1..$n"
[ $failed -eq 0 ]
