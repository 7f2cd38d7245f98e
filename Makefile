# SPDX-License-Identifier: GPL-2.0
# XTCP: the module (see Kbuild), its programs, and the lab that tests them.

KDIR ?= /lib/modules/$(shell uname -r)/build
K ?= 6.1
PREFIX ?= /usr/local
export PREFIX

boot_conf = $(DESTDIR)$(PREFIX)/lib/modules-load.d/xtcp.conf
# "make kernelrelease" says something else where the distribution has its own numbers.
kernel_release = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	"$(KDIR)/include/generated/utsrelease.h")
# Without it nothing finds the module by its names.  Headers alone lack what it takes to
# have modules_install do it.
depmod = depmod $(if $(INSTALL_MOD_PATH),-b "$(INSTALL_MOD_PATH)") "$(kernel_release)"
module_file = $(INSTALL_MOD_PATH)/lib/modules/$(kernel_release)/updates/xtcp.ko

.DEFAULT_GOAL := all

all: modules userspace		## xtcp.ko for the running kernel or KDIR=, and the programs

modules:			## only xtcp.ko, for the running kernel or KDIR=
	@test -e "$(KDIR)/Makefile" || { \
		echo "no kernel headers in $(KDIR): install linux-headers-$$(uname -r)," \
		     "or name others with KDIR=, or try 'make vm'" >&2; exit 1; }
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" modules

userspace:			## only libxtcp, xtcp-run and the examples
	$(MAKE) -C userspace

install: all			## install module and programs (PREFIX=, DESTDIR=, INSTALL_MOD_PATH=)
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" INSTALL_MOD_DIR=updates modules_install
	$(depmod)
	install -D -m 644 packaging/modules-load.d/xtcp.conf "$(boot_conf)"
	$(MAKE) -C userspace install

uninstall:			## remove what make install put there, with the same variables
	rm -f "$(module_file)" "$(module_file).xz" "$(module_file).gz" "$(module_file).zst" \
		"$(boot_conf)"
	$(depmod)
	$(MAKE) -C userspace uninstall

deb:				## Debian packages, into build/deb (sets all up by itself)
	@lab/deb --lintian

html:				## Documentation/ as HTML, into build/html (sets all up by itself)
	@lab/html

demo:				## boot a VM and see XTCP work (sets all up by itself)
	@lab/demo

test:				## every test on every kernel (sets all up by itself)
	@lab/test

torture:			## long campaigns by chance, on the debug kernel (an hour)
	@lab/torture

check:				## the quick tests, on one kernel
	@lab/test --quick

apps:				## well-known programs over TCP and XTCP (KERNEL= one only), as a table
	@lab/apps $(if $(KERNEL),--kernel $(KERNEL))

wan:				## measure XTCP and TCP on simulated paths, into build/wan
	@lab/wan

bench:				## measure what XTCP and TCP cost, in instructions, into build/bench
	@lab/bench

style:				## shellcheck, sparse, checkpatch, W=1
	@lab/check-style

vm:				## a shell in a VM with xtcp loaded: K=6.1, 6.12, 7.2, wan, debug
	@lab/vm --kernel $(K)

lab-setup:			## only prepare what demo, test and vm need
	@lab/setup

clean:				## remove what was built
	test ! -e "$(KDIR)/Makefile" || $(MAKE) -C "$(KDIR)" M="$(CURDIR)" clean
	rm -rf build

help:				## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='	' read -r t d; do printf '  make %-10s %s\n' "$$t" "$$d"; done

.PHONY: all modules userspace install uninstall deb html demo test torture check apps wan \
	bench style vm lab-setup clean help
