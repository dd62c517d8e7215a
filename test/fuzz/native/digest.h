/* Digests that the core compares: with them right, hostile input gets further. */
#ifndef FUZZ_DIGEST_H
#define FUZZ_DIGEST_H

#include <stddef.h>
#include <stdint.h>

void sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]);
void md5(const uint8_t *bytes, size_t count, uint8_t digest[16]);
/* 24 characters for the 16 bytes of a digest. */
void base64_of_16(const uint8_t bytes[16], uint8_t text[24]);

#endif
