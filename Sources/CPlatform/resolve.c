#include "CPlatform.h"

#include <string.h>

#ifdef __GLIBC__

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

int32_t swl_look_up(const char *name, uint8_t *addresses, int32_t capacity) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(name, NULL, &hints, &found);
    if (error == EAI_AGAIN || error == EAI_SYSTEM || error == EAI_MEMORY) return SWL_AGAIN;
    if (error != 0) return 0;
    int32_t count = 0;
    for (struct addrinfo *info = found; info != NULL && count < capacity; info = info->ai_next) {
        uint8_t *address = addresses + 16 * count;
        if (info->ai_family == AF_INET) {
            memset(address, 0, 10);
            memset(address + 10, 0xff, 2);
            memcpy(address + 12, &((struct sockaddr_in *)info->ai_addr)->sin_addr, 4);
            count++;
        } else if (info->ai_family == AF_INET6) {
            memcpy(address, &((struct sockaddr_in6 *)info->ai_addr)->sin6_addr, 16);
            count++;
        }
    }
    freeaddrinfo(found);
    return count;
}

#else

#include <netdb.h>
#include <sys/socket.h>

/* What stands behind musl's getaddrinfo, which itself would bring the allocator along: the addresses of a name, sorted
 * as RFC 6724 has it, or an EAI_ error. As in musl 1.2 (src/network/lookup.h). */
enum { MAX_ADDRESSES = 48 };
struct address {
    int family;
    unsigned scope;
    uint8_t bytes[16];
    int sort_key;
};
int __lookup_name(struct address found[MAX_ADDRESSES], char canonical[256], const char *name, int family, int flags);

int32_t swl_look_up(const char *name, uint8_t *addresses, int32_t capacity) {
    struct address found[MAX_ADDRESSES];
    char canonical[256];
    int result = __lookup_name(found, canonical, name, AF_UNSPEC, 0);
    if (result == EAI_AGAIN || result == EAI_SYSTEM || result == EAI_MEMORY) return SWL_AGAIN;
    if (result < 0) return 0;
    int32_t count = 0;
    while (count < result && count < capacity) {
        uint8_t *address = addresses + 16 * count;
        if (found[count].family == AF_INET) {
            memset(address, 0, 10);
            memset(address + 10, 0xff, 2);
            memcpy(address + 12, found[count].bytes, 4);
        } else {
            memcpy(address, found[count].bytes, 16);
        }
        count++;
    }
    return count;
}

#endif
