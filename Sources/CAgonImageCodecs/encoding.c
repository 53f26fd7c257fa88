// The memory into which encoders write.
#include <stdlib.h>
#include <string.h>

#include "message.h"

void agon_append(agon_encoding *to, const void *bytes, size_t count) {
    if (to->hasFailed) return;
    if (to->count + count > to->capacity) {
        size_t capacity = 2 * (to->count + count);
        uint8_t *larger = realloc(to->bytes, capacity);
        if (larger == NULL) {
            to->hasFailed = 1;
            return;
        }
        to->bytes = larger;
        to->capacity = capacity;
    }
    memcpy(to->bytes + to->count, bytes, count);
    to->count += count;
}

void agon_encoding_free(agon_encoding *encoding) {
    free(encoding->bytes);
    *encoding = (agon_encoding){0};
}
