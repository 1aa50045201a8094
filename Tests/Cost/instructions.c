// A plugin for qemu's emulators of programs: counts the instructions that are executed. At the end it writes the sum, or
// with the argument `blocks=true` a line for each translated block: where it begins, and what was executed in it.
//
// Debian has no qemu-plugin.h; what is declared here is version 1 of it.

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_inline(
    struct qemu_plugin_tb *block, enum qemu_plugin_op op, void *number, uint64_t added);
void qemu_plugin_register_atexit_cb(
    qemu_plugin_id_t id, void (*ended)(qemu_plugin_id_t id, void *data), void *data);

int qemu_plugin_version = 1;

// A block that is translated again is counted in a record of its own.
struct block {
  struct block *next;
  uint64_t address;
  uint64_t instructions;
};

static struct block *blocks;
static bool tells_blocks;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *translation) {
  (void)id;
  struct block *block = calloc(1, sizeof *block);
  if (block == NULL) abort();
  block->next = blocks;
  block->address = qemu_plugin_tb_vaddr(translation);
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_inline(
      translation, QEMU_PLUGIN_INLINE_ADD_U64, &block->instructions, qemu_plugin_tb_n_insns(translation));
}

static void ended(qemu_plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  uint64_t sum = 0;
  for (const struct block *block = blocks; block != NULL; block = block->next) {
    sum += block->instructions;
    if (tells_blocks) fprintf(stderr, "block %" PRIx64 " %" PRIu64 "\n", block->address, block->instructions);
  }
  fprintf(stderr, "instructions %" PRIu64 "\n", sum);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int count, char **arguments) {
  (void)info;
  for (int i = 0; i < count; i++) {
    if (strcmp(arguments[i], "blocks=true") != 0) return -1;
    tells_blocks = true;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, NULL);
  return 0;
}
