// Checksums of files.
#ifndef AGON_CHECKSUM_H
#define AGON_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// The CRC-32C of bytes that follow others, whose checksum is `before`: 0 at the start.
uint32_t agon_crc32c(uint32_t before, const void *bytes, size_t count);
/// The same without the processor's instruction for it.
uint32_t agon_crc32c_portable(uint32_t before, const void *bytes, size_t count);

#endif
