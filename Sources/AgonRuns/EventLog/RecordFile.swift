/// The framing of TFRecord files: for each record its length (8 bytes), the length's checksum (4), the data, and the
/// data's checksum (4); numbers little endian, checksums masked CRC-32C.
package enum RecordFile {
    private static let headSize = 12
    private static let tailSize = 4

    /// A record's bytes as they stand in the file.
    static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = bytes(of: UInt64(data.count))
        return length + bytes(of: CRC32C.masked(length)) + data + bytes(of: CRC32C.masked(data))
    }

    /// The record that starts at an offset, and where the next one starts; nil at the end, and where a record is torn
    /// or damaged.
    package static func record(in file: [UInt8], at offset: Int) -> (data: ArraySlice<UInt8>, end: Int)? {
        guard offset >= 0, file.count - offset >= headSize + tailSize else { return nil }
        let head = file[offset..<offset + 8]
        let length: UInt64 = number(head)
        guard number(file[offset + 8..<offset + headSize]) == CRC32C.masked(head),
            length <= UInt64(file.count - offset - headSize - tailSize)
        else { return nil }
        let start = offset + headSize
        let end = start + Int(length)
        let data = file[start..<end]
        guard number(file[end..<end + tailSize]) == CRC32C.masked(data) else { return nil }
        return (data, end + tailSize)
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private static func number<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> Number {
        bytes.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}
