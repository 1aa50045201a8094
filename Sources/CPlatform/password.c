#include "CPlatform.h"

#include <bearssl.h>
#include <string.h>

void swl_sha512(const void *password, intptr_t password_bytes, const void *salt, intptr_t salt_bytes, uint8_t *hash) {
    br_sha512_context context;
    br_sha512_init(&context);
    br_sha512_update(&context, password, (size_t)password_bytes);
    br_sha512_update(&context, salt, (size_t)salt_bytes);
    br_sha512_out(&context, hash);
}

/* RFC 8018, section 5.2. One block is all there is: the hash is as long as the key that is asked for. */
void swl_pbkdf2_sha512(const void *password, intptr_t password_bytes, const void *salt, intptr_t salt_bytes,
                       int32_t iterations, uint8_t *hash) {
    static const uint8_t first_block[4] = {0, 0, 0, 1};
    uint8_t u[br_sha512_SIZE];
    br_hmac_key_context key;
    br_hmac_context hmac;
    br_hmac_key_init(&key, &br_sha512_vtable, password, (size_t)password_bytes);
    br_hmac_init(&hmac, &key, 0);
    br_hmac_update(&hmac, salt, (size_t)salt_bytes);
    br_hmac_update(&hmac, first_block, sizeof first_block);
    br_hmac_out(&hmac, u);
    memcpy(hash, u, sizeof u);
    for (int32_t i = 1; i < iterations; i++) {
        br_hmac_init(&hmac, &key, 0);
        br_hmac_update(&hmac, u, sizeof u);
        br_hmac_out(&hmac, u);
        for (size_t k = 0; k < sizeof u; k++) hash[k] ^= u[k];
    }
}
