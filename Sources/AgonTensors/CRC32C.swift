import CAgonKernels

/// The cyclic redundancy check CRC-32C. It detects every change within 32 adjacent bits, and all but one in 2^32 of
/// other changes.
package struct CRC32C: Equatable, Sendable {
    /// The checksum of the bytes so far.
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = agon_crc32c(value, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ bytes: some Collection<UInt8>) {
        let isContiguous: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if isContiguous == nil { Array(bytes).withUnsafeBytes { update($0) } }
    }

    /// The checksum as eight hexadecimal digits.
    package var digits: String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 8 - text.utf8.count) + text
    }

    package static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        var sum = CRC32C()
        sum.update(bytes)
        return sum.value
    }

    /// The checksum rotated and shifted, as TFRecord files keep it: they may hold checksums among their data.
    package static func masked(_ bytes: some Collection<UInt8>) -> UInt32 {
        let sum = checksum(bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}
