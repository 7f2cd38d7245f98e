// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU: how often each block of instructions ran between the marks
 * that xtcp-bench sets (userspace/xtcp-bench/mark.h). For each pair of marks a file
 * PREFIX.N, with a line ADDRESS INSTRUCTIONS for each block.
 *
 *	-plugin profile_plugin.so,out=PREFIX
 *
 * Debian has no header for plugins: what is used is declared here, version 1 of
 * the interface.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

enum { OP_ADD_U64 };		/* enum qemu_plugin_op */
enum { CB_NO_REGS };		/* enum qemu_plugin_cb_flags */

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
	void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
	void *ptr, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
	void (*cb)(unsigned int vcpu, void *data), int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

int qemu_plugin_version = 1;

#define SLOTS	(1u << 21)	/* blocks that a boot translates: some 200,000 */

struct slot {
	uint64_t addr;
	uint64_t n;		/* instructions of the block */
	uint64_t ran;		/* in all, since the mark */
};

static struct slot slots[SLOTS];
static char prefix[4096];
static int files;

static struct slot *find(uint64_t addr, uint64_t n)
{
	uint64_t h = (addr * 0x9e3779b97f4a7c15ULL + n) >> 43;

	while (slots[h].addr && (slots[h].addr != addr || slots[h].n != n))
		h = (h + 1) % SLOTS;
	slots[h].addr = addr;
	slots[h].n = n;
	return &slots[h];
}

static void begin(unsigned int vcpu, void *data)
{
	uint32_t i;

	(void)vcpu;
	(void)data;
	for (i = 0; i < SLOTS; i++)
		slots[i].ran = 0;
}

static void end(unsigned int vcpu, void *data)
{
	char name[sizeof(prefix) + 16];
	uint32_t i;
	FILE *f;

	(void)vcpu;
	(void)data;
	snprintf(name, sizeof(name), "%s.%d", prefix, files++);
	f = fopen(name, "w");
	if (!f)
		return;
	for (i = 0; i < SLOTS; i++) {
		if (slots[i].ran)
			fprintf(f, "%llx %llu\n", (unsigned long long)slots[i].addr,
				(unsigned long long)slots[i].ran);
	}
	fclose(f);
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	static const uint8_t mark[] = { 0x0f, 0x1f, 0x84, 0x00, 0, 0x78, 0x65, 0x62 };
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *code = qemu_plugin_insn_data(insn);

		if (qemu_plugin_insn_size(insn) != sizeof(mark) ||
		    memcmp(code, mark, 4) || memcmp(code + 5, mark + 5, 3))
			continue;
		if (code[4] == '1')
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, CB_NO_REGS, NULL);
		else if (code[4] == '2')
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, CB_NO_REGS, NULL);
	}
	qemu_plugin_register_vcpu_tb_exec_inline(tb, OP_ADD_U64,
						 &find(qemu_plugin_tb_vaddr(tb), n)->ran, n);
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	snprintf(prefix, sizeof(prefix), "%s", argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
