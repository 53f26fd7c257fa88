// The one field of Exif data that changes how an image looks: its orientation. Exif is a TIFF directory: CIPA DC-008,
// 4.5 and 4.6; the byte order, 42, the offset of the first directory, and in it entries of 12 bytes: tag, type, count,
// value.
#include <string.h>

#include "message.h"

static uint32_t number(const uint8_t *bytes, int size, int isLittle) {
    uint32_t value = 0;
    for (int i = 0; i < size; i++) value |= (uint32_t)bytes[i] << 8 * (isLittle ? i : size - 1 - i);
    return value;
}

uint8_t agon_exif_orientation(const uint8_t *bytes, size_t count) {
    if (count >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
        bytes += 6;
        count -= 6;
    }
    if (count < 8) return 1;
    int isLittle = bytes[0] == 'I' && bytes[1] == 'I';
    if (!isLittle && !(bytes[0] == 'M' && bytes[1] == 'M')) return 1;
    size_t directory = number(bytes + 4, 4, isLittle);
    if (directory < 8 || directory > count - 2) return 1;
    size_t entries = number(bytes + directory, 2, isLittle);
    for (size_t i = 0; i < entries && directory + 2 + 12 * (i + 1) <= count; i++) {
        const uint8_t *entry = bytes + directory + 2 + 12 * i;
        if (number(entry, 2, isLittle) != 0x0112) continue;
        uint32_t type = number(entry + 2, 2, isLittle);
        uint32_t value = type == 3 ? number(entry + 8, 2, isLittle) : type == 4 ? number(entry + 8, 4, isLittle) : 1;
        return value >= 1 && value <= 8 ? (uint8_t)value : 1;
    }
    return 1;
}
