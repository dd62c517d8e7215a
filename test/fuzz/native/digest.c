#include "digest.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* FIPS 180-4 and RFC 1321. Their constants are roots and sines, which `double` holds exactly enough. */

static uint32_t right(uint32_t x, int count) { return x >> count | x << (32 - count); }
static uint32_t left(uint32_t x, int count) { return right(x, 32 - count); }

/* Calls `mix` for each block of the padded bytes. */
static void each_block(const uint8_t *bytes, size_t count, bool is_big, uint32_t *state,
                       void (*mix)(uint32_t *, const uint8_t *)) {
  uint8_t tail[128] = {0};
  size_t at = 0;
  for (; count - at >= 64; at += 64) mix(state, bytes + at);
  const size_t rest = count - at;
  if (rest > 0) memcpy(tail, bytes + at, rest);
  tail[rest] = 0x80;
  const size_t end = rest < 56 ? 64 : 128;
  const uint64_t bits = (uint64_t)count * 8;
  for (size_t i = 0; i < 8; i++) {
    tail[end - 8 + i] = (uint8_t)(bits >> 8 * (is_big ? 7 - i : i));
  }
  for (at = 0; at < end; at += 64) mix(state, tail + at);
}

static uint32_t fraction(double root) { return (uint32_t)((root - floor(root)) * 4294967296.0); }

static uint32_t sha256_constants[64];

static void make_sha256_constants(void) {
  int prime = 2;
  for (int i = 0; i < 64; prime++) {
    bool is_prime = true;
    for (int by = 2; by * by <= prime; by++) is_prime = is_prime && prime % by != 0;
    if (is_prime) sha256_constants[i++] = fraction(cbrt(prime));
  }
}

static void mix_sha256(uint32_t *state, const uint8_t *block) {
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++) {
    const uint8_t *at = block + 4 * i;
    w[i] = (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
  }
  for (int i = 16; i < 64; i++) {
    const uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (right(a, 7) ^ right(a, 18) ^ a >> 3) + w[i - 7] +
           (right(b, 17) ^ right(b, 19) ^ b >> 10);
  }
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    const uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const uint32_t most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    const uint32_t t = s[7] + (right(s[4], 6) ^ right(s[4], 11) ^ right(s[4], 25)) + choice +
                       sha256_constants[i] + w[i];
    const uint32_t u = (right(s[0], 2) ^ right(s[0], 13) ^ right(s[0], 22)) + most;
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += t;
    s[0] = t + u;
  }
  for (int i = 0; i < 8; i++) state[i] += s[i];
}

void sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]) {
  static const int primes[8] = {2, 3, 5, 7, 11, 13, 17, 19};
  uint32_t state[8];
  if (sha256_constants[0] == 0) make_sha256_constants();
  for (int i = 0; i < 8; i++) state[i] = fraction(sqrt(primes[i]));
  each_block(bytes, count, true, state, mix_sha256);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(state[i / 4] >> 8 * (3 - i % 4));
}

static uint32_t md5_round(int i, const uint32_t *s, int *word) {
  switch (i / 16) {
    case 0:
      *word = i;
      return (s[1] & s[2]) | (~s[1] & s[3]);
    case 1:
      *word = (5 * i + 1) % 16;
      return (s[3] & s[1]) | (~s[3] & s[2]);
    case 2:
      *word = (3 * i + 5) % 16;
      return s[1] ^ s[2] ^ s[3];
    default:
      *word = 7 * i % 16;
      return s[2] ^ (s[1] | ~s[3]);
  }
}

static void mix_md5(uint32_t *state, const uint8_t *block) {
  static const int shifts[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
  uint32_t s[4];
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    int word;
    const uint32_t f = md5_round(i, s, &word);
    const uint8_t *at = block + 4 * word;
    const uint32_t in = at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
    const uint32_t sine = (uint32_t)(fabs(sin(i + 1)) * 4294967296.0);
    const uint32_t next = s[1] + left(s[0] + f + sine + in, shifts[i / 16 * 4 + i % 4]);
    s[0] = s[3];
    s[3] = s[2];
    s[2] = s[1];
    s[1] = next;
  }
  for (int i = 0; i < 4; i++) state[i] += s[i];
}

void md5(const uint8_t *bytes, size_t count, uint8_t digest[16]) {
  uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  each_block(bytes, count, false, state, mix_md5);
  for (int i = 0; i < 16; i++) digest[i] = (uint8_t)(state[i / 4] >> 8 * (i % 4));
}

void base64_of_16(const uint8_t bytes[16], uint8_t text[24]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint8_t padded[18] = {0};
  memcpy(padded, bytes, 16);
  for (int i = 0; i < 24; i++) {
    const int bit = 6 * i;
    const uint32_t two = (uint32_t)padded[bit / 8] << 8 | (bit / 8 < 17 ? padded[bit / 8 + 1] : 0);
    text[i] = (uint8_t)letters[two >> (10 - bit % 8) & 63];
  }
  text[22] = text[23] = '=';
}
