/// The cyclic redundancy check with Castagnoli's polynomial, reflected (0x82F63B78), as in RFC 3720, appendix B.4.
enum CRC32C {
    /// Eight tables of 256: the k-th advances a byte by k more bytes, so that eight bytes are taken at once.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
            tables[byte] = value
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = tables[Int(before & 0xFF)] ^ before >> 8
        }
        return tables
    }()

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { table in
            var sum = ~UInt32(0)
            var offset = 0
            while offset + 8 <= bytes.count {
                let word =
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(sum)
                var next: UInt32 = 0
                for byte in 0..<8 { next ^= table[(7 - byte) * 256 + Int(word >> UInt64(8 * byte) & 0xFF)] }
                sum = next
                offset += 8
            }
            while offset < bytes.count {
                sum = table[Int((sum ^ UInt32(bytes[offset])) & 0xFF)] ^ sum >> 8
                offset += 1
            }
            return ~sum
        }
    }

    /// The checksum rotated and shifted, as TFRecord files keep it: they may hold checksums among their data.
    static func masked(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let sum = checksum(bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }

    static func masked(_ bytes: some Collection<UInt8>) -> UInt32 {
        bytes.withContiguousStorageIfAvailable { masked(UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { masked($0) }
    }
}
