// memcpy and memmove for the static programs. Where zig optimises for size it brings ones that go byte by byte, and
// copying is most of what a broker does with a message.

#include <stddef.h>
#include <stdint.h>

#ifndef __GLIBC__

#if defined(__ARM_ARCH) && __ARM_ARCH < 8 && !defined(__ARM_FEATURE_UNALIGNED)
#define WORDS_STAND_ALIGNED 1 // ARMv5 reads and writes words at multiples of their size only
#endif

// The most that moves at once.
#if defined(__x86_64__) || defined(__aarch64__)
typedef uint64_t word __attribute__((vector_size(16)));
#else
typedef uint32_t word;
#endif

enum { word_bytes = sizeof(word), block_words = 4, block_bytes = block_words * word_bytes };

typedef struct { word value; } __attribute__((may_alias)) aligned;
#ifdef WORDS_STAND_ALIGNED
typedef aligned anywhere;
#else
typedef struct { word value; } __attribute__((may_alias, packed)) anywhere;
typedef struct { size_t value; } __attribute__((may_alias, packed)) small_anywhere;
enum { small_bytes = sizeof(size_t) };
#endif

#ifdef WORDS_STAND_ALIGNED
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte of a word is its lowest");

// Puts each word of an aligned target together from the two that it stands across in the source; how many bytes.
static size_t copy_across(unsigned char *to, const unsigned char *from, size_t count) {
  unsigned offset = (uintptr_t)from % word_bytes;
  const aligned *source = (const aligned *)(from - offset);
  word left = source->value;
  size_t done = 0;
  for (; count - done >= 2 * word_bytes; done += word_bytes) {
    word right = (++source)->value;
    ((aligned *)(to + done))->value = left >> 8 * offset | right << 8 * (word_bytes - offset);
    left = right;
  }
  return done;
}
#endif

// From the first byte to the last, so that a target in front of its source may overlap it.
__attribute__((no_builtin))
static inline void copy_forward(unsigned char *to, const unsigned char *from, size_t count) {
  if (count >= block_bytes) {
    for (; (uintptr_t)to % word_bytes != 0; count--) *to++ = *from++;
#ifdef WORDS_STAND_ALIGNED
    if ((uintptr_t)from % word_bytes != 0) {
      size_t done = copy_across(to, from, count);
      to += done, from += done, count -= done;
    } else
#endif
    for (; count >= block_bytes; to += block_bytes, from += block_bytes, count -= block_bytes) {
      const anywhere *source = (const anywhere *)from;
      aligned *target = (aligned *)to;
      word a = source[0].value, b = source[1].value, c = source[2].value, d = source[3].value;
      target[0].value = a, target[1].value = b, target[2].value = c, target[3].value = d;
    }
  }
#ifndef WORDS_STAND_ALIGNED
  for (; count >= small_bytes; to += small_bytes, from += small_bytes, count -= small_bytes)
    ((small_anywhere *)to)->value = ((const small_anywhere *)from)->value;
#endif
  for (; count > 0; count--) *to++ = *from++;
}

__attribute__((no_builtin)) void *memcpy(void *restrict target, const void *restrict source, size_t count) {
  copy_forward(target, source, count);
  return target;
}

__attribute__((no_builtin)) void *memmove(void *target, const void *source, size_t count) {
  unsigned char *to = target;
  const unsigned char *from = source;
  if ((uintptr_t)to - (uintptr_t)from >= count)
    copy_forward(to, from, count);
  else
    while (count-- > 0) to[count] = from[count];
  return target;
}

#endif
