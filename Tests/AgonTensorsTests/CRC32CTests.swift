import CAgonKernels
import Testing

@testable import AgonTensors

@Suite struct CRC32CTests {
    /// The examples of RFC 3720, appendix B.4, and the check value of the catalogue of polynomials.
    @Test func checksumHasItsKnownValues() {
        let cases: [([UInt8], UInt32)] = [
            ([], 0), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
            ((0..<32).reversed(), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283),
        ]
        for (bytes, sum) in cases { #expect(CRC32C.checksum(bytes) == sum, "\(bytes)") }
        #expect(CRC32C.masked(Array("123456789".utf8)) == 0xC78A_B0E5)
        // Of slices too, which start anywhere, and of bytes that lie apart.
        #expect(CRC32C.masked(Array("x123456789".utf8).dropFirst()) == 0xC78A_B0E5)
        #expect(CRC32C.checksum(Array("987654321".utf8).reversed() as ReversedCollection) == 0xE306_9283)
    }

    /// The eight bytes that are taken at once, by the processor's instruction and by tables, against one bit after the
    /// other.
    @Test func checksumOfEveryLength() {
        let bytes = (0..<70).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        for count in 0...bytes.count {
            var sum = ~UInt32(0)
            for byte in bytes.prefix(count) {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0x82F6_3B78 }
            }
            #expect(CRC32C.checksum(bytes.prefix(count)) == ~sum, "\(count)")
            #expect(agon_crc32c_portable(0, bytes, count) == ~sum, "\(count)")
            var parts = CRC32C()
            parts.update(bytes.prefix(count / 3))
            parts.update(bytes[(count / 3)..<count])
            #expect(parts.value == ~sum, "\(count), in two parts")
        }
    }

    @Test func digitsAreEight() {
        var sum = CRC32C()
        #expect(sum.digits == "00000000")
        sum.update(Array("123456789".utf8))
        #expect(sum.digits == "e3069283")
    }
}
