// A plugin for qemu's emulators of programs: counts the instructions that are executed, and writes the sum at the end.
// With arguments `leaf=FIRST-END`, hexadecimal addresses of functions like memcpy, it first writes a line for each
// block of code: where it begins, how many were executed in it, and how many in leaves that it called.
//
// Debian has no qemu-plugin.h; what is declared here is version 1 of it.

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_inline(
    struct qemu_plugin_tb *block, enum qemu_plugin_op op, void *number, uint64_t added);
void qemu_plugin_register_vcpu_tb_exec_cb(
    struct qemu_plugin_tb *block, void (*executed)(unsigned int processor, void *data),
    enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_atexit_cb(
    qemu_plugin_id_t id, void (*ended)(qemu_plugin_id_t id, void *data), void *data);

int qemu_plugin_version = 1;

// A block that is translated again is counted in a record of its own.
struct block {
  struct block *next;
  uint64_t address;
  uint64_t size;
  bool is_leaf;
  uint64_t own;
  uint64_t in_leaves;
};

static uint64_t sum;
static struct block *blocks;
// The last one that was no leaf.
static struct block *caller;
static struct { uint64_t first, end; } leaves[16];
static int leaf_count;

static void executed(unsigned int processor, void *data) {
  (void)processor;
  struct block *block = data;
  if (!block->is_leaf) caller = block;
  if (block->is_leaf && caller != NULL) caller->in_leaves += block->size; else block->own += block->size;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *translation) {
  (void)id;
  uint64_t size = qemu_plugin_tb_n_insns(translation);
  qemu_plugin_register_vcpu_tb_exec_inline(translation, QEMU_PLUGIN_INLINE_ADD_U64, &sum, size);
  if (leaf_count == 0) return;
  struct block *block = calloc(1, sizeof *block);
  if (block == NULL) abort();
  *block = (struct block){.next = blocks, .address = qemu_plugin_tb_vaddr(translation), .size = size};
  for (int i = 0; i < leaf_count; i++)
    if (block->address >= leaves[i].first && block->address < leaves[i].end) block->is_leaf = true;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_cb(translation, executed, QEMU_PLUGIN_CB_NO_REGS, block);
}

static void ended(qemu_plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  for (const struct block *block = blocks; block != NULL; block = block->next)
    fprintf(stderr, "block %" PRIx64 " %" PRIu64 " %" PRIu64 "\n", block->address, block->own, block->in_leaves);
  fprintf(stderr, "instructions %" PRIu64 "\n", sum);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int count, char **arguments) {
  (void)info;
  for (int i = 0; i < count; i++) {
    if (leaf_count == 16 || sscanf(arguments[i], "leaf=%" SCNx64 "-%" SCNx64, &leaves[leaf_count].first,
                                   &leaves[leaf_count].end) != 2) return -1;
    leaf_count++;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, NULL);
  return 0;
}
