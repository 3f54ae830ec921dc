#include "sha256.h"

#include <string.h>

#include "flash.h"

static const uint32_t START[8] FLASH = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint32_t K[64] FLASH = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The block as 16 words, wherever it lies: the caller's bytes become the message schedule in place. */
typedef uint32_t __attribute__((may_alias, aligned(1))) word;

#ifdef __AVR__

/*
 * An AVR shifts a byte by one bit. So a rotation by 8 is another order of the same four registers, and what is
 * left are a few bits to one side or the other: x >>> 14 is x >>> 16 and two bits to the left. Sums of rotations
 * are nested, x >>> 6 ^ x >>> 11 ^ x >>> 25 = (x ^ (x ^ x >>> 14) >>> 5) >>> 6, so that no bit moves twice. The
 * compiler knows none of this: with its own rotations a block takes six times as long.
 *
 * ORDERn names the registers of y from the lowest byte to the highest: y >>> 8 in ORDER0 is y in ORDER1.
 */
#define ORDER0 "%A0", "%B0", "%C0", "%D0"
#define ORDER1 "%B0", "%C0", "%D0", "%A0"
#define ORDER2 "%C0", "%D0", "%A0", "%B0"
#define ORDER3 "%D0", "%A0", "%B0", "%C0"
#define COPY "movw %A0, %A1\n movw %C0, %C1\n "         /* y = x, or x >>> 16 in ORDER2 */
#define COPY_SWAPPED "movw %A0, %C1\n movw %C0, %A1\n " /* y = x >>> 16, or x in ORDER2 */

#define ROL(order) ROL_BYTES(order)
#define ROL_BYTES(a, b, c, d) "lsl " a "\n rol " b "\n rol " c "\n rol " d "\n adc " a ", __zero_reg__\n "
/* What enters above comes from a copy of the lowest byte, taken once for up to eight bits. */
#define ROR_FROM(order) ROR_FROM_BYTES(order)
#define ROR_FROM_BYTES(a, b, c, d) "mov __tmp_reg__, " a "\n "
#define ROR(order) ROR_BYTES(order)
#define ROR_BYTES(a, b, c, d) "lsr __tmp_reg__\n ror " d "\n ror " c "\n ror " b "\n ror " a "\n "
#define XOR_X(order) XOR_X_BYTES(order)
#define XOR_X_BYTES(a, b, c, d) "eor " a ", %A1\n eor " b ", %B1\n eor " c ", %C1\n eor " d ", %D1\n "
#define SHR_X "lsr %D1\n ror %C1\n ror %B1\n ror %A1\n "
#define SHR_X_UPPER "lsr %D1\n ror %C1\n ror %B1\n "

static inline uint32_t sum0(uint32_t x) {
    uint32_t y;
    __asm__(COPY_SWAPPED
            ROR_FROM(ORDER2) ROR(ORDER2)                         /* >>> 9 */
            XOR_X(ORDER3)
            ROR_FROM(ORDER3) ROR(ORDER3) ROR(ORDER3) ROR(ORDER3) /* >>> 11 */
            XOR_X(ORDER0)
            ROR_FROM(ORDER0) ROR(ORDER0) ROR(ORDER0)             /* >>> 2 */
            : "=&r"(y) : "r"(x));
    return y;
}

static inline uint32_t sum1(uint32_t x) {
    uint32_t y;
    __asm__(COPY
            ROL(ORDER2) ROL(ORDER2)             /* >>> 14 */
            XOR_X(ORDER2)
            ROL(ORDER2) ROL(ORDER2) ROL(ORDER2) /* >>> 5 */
            XOR_X(ORDER3)
            ROL(ORDER3) ROL(ORDER3)             /* >>> 6 */
            : "=&r"(y) : "r"(x));
    return y;
}

static inline uint32_t sigma0(uint32_t x) {
    uint32_t y;
    __asm__(COPY_SWAPPED
            ROR_FROM(ORDER2) ROR(ORDER2) ROR(ORDER2) ROR(ORDER2) /* >>> 11 */
            XOR_X(ORDER3)
            ROL(ORDER3)                                          /* >>> 7 */
            SHR_X SHR_X SHR_X
            XOR_X(ORDER0)
            : "=&r"(y), "+r"(x));
    return y;
}

static inline uint32_t sigma1(uint32_t x) {
    uint32_t y;
    __asm__(COPY_SWAPPED
            ROR_FROM(ORDER2) ROR(ORDER2) ROR(ORDER2) /* >>> 2 */
            XOR_X(ORDER2)
            ROR_FROM(ORDER2) ROR(ORDER2)             /* >>> 17 */
            SHR_X_UPPER SHR_X_UPPER                  /* and by 8: a byte down */
            "eor %A0, %B1\n eor %B0, %C1\n eor %C0, %D1"
            : "=&r"(y), "+r"(x));
    return y;
}

#else

static inline uint32_t ror(uint32_t x, uint8_t bits) { return x >> bits | x << (32 - bits); }
static inline uint32_t sum0(uint32_t x) { return ror(x, 2) ^ ror(x, 13) ^ ror(x, 22); }
static inline uint32_t sum1(uint32_t x) { return ror(x, 6) ^ ror(x, 11) ^ ror(x, 25); }
static inline uint32_t sigma0(uint32_t x) { return ror(x, 7) ^ ror(x, 18) ^ x >> 3; }
static inline uint32_t sigma1(uint32_t x) { return ror(x, 17) ^ ror(x, 19) ^ x >> 10; }

#endif

void sha256_init(uint32_t state[8]) {
    for (uint8_t i = 0; i < 8; i++) state[i] = flash_u32(&START[i]);
}

static inline word *word_at(uint8_t *block, uint8_t offset) { return (word *)(block + (offset & 63)); }

/* The next 16 words of the schedule in the place of the last 16. Not inlined: its pointers need registers. */
static __attribute__((noinline)) void extend(uint8_t *block) {
    for (uint8_t at = 0; at < SHA256_BLOCK_BYTES; at = (uint8_t)(at + 4)) {
        uint32_t next = sigma0(*word_at(block, (uint8_t)(at + 4 * 1)));
        next += *word_at(block, (uint8_t)(at + 4 * 9));
        next += sigma1(*word_at(block, (uint8_t)(at + 4 * 14)));
        *word_at(block, at) += next;
    }
}

/* a to h are v[0] to v[7]. Each round puts the new a in front of them, and so makes b of a, c of b ... */
static __attribute__((noinline)) void sixteen_rounds(uint32_t *v, const word *w, const uint32_t *k) {
    for (uint8_t i = 0; i < 16; i++) {
        const uint32_t e = v[4];
        uint32_t sum = ((v[5] ^ v[6]) & e) ^ v[6];
        sum += *w++;
        sum += v[7];
        sum += flash_u32(k);
        k++;
        sum += sum1(e);
        v[3] += sum;
        const uint32_t a = v[0];
        sum += sum0(a);
        const uint32_t b = v[1];
        sum += ((v[2] ^ b) & (a ^ b)) ^ b;
        *--v = sum;
    }
}

void sha256_block(uint32_t state[8], uint8_t block[SHA256_BLOCK_BYTES]) {
    for (uint8_t at = 0; at < SHA256_BLOCK_BYTES; at = (uint8_t)(at + 4)) {
        const uint8_t *b = block + at;
        *word_at(block, at) = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
    uint32_t v[16 + 8];
    memcpy(v, state, sizeof v[0] * 8);
    for (uint8_t round = 0; round < 64; round = (uint8_t)(round + 16)) {
        if (round != 0) extend(block);
        memcpy(v + 16, v, sizeof v[0] * 8);
        sixteen_rounds(v + 16, (const word *)block, K + round);
    }
    for (uint8_t i = 0; i < 8; i++) state[i] += v[i];
}

void sha256_bytes(const uint32_t state[8], uint8_t *bytes, uint8_t length) {
    for (uint8_t at = 0; at < length; at = (uint8_t)(at + 4)) {
        const uint32_t value = *state++;
        *bytes++ = (uint8_t)(value >> 24);
        *bytes++ = (uint8_t)(value >> 16);
        *bytes++ = (uint8_t)(value >> 8);
        *bytes++ = (uint8_t)value;
    }
}
