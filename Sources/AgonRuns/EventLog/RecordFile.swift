import AgonTensors

/// The framing of TFRecord files. Each record consists of its length (8 bytes), the length's checksum (4 bytes), the
/// data, and the data's checksum (4 bytes). Numbers are little-endian; checksums are masked CRC-32C.
enum RecordFile {
    /// The bytes of a record in the file.
    static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = bytes(of: UInt64(data.count))
        return length + bytes(of: CRC32C.masked(length)) + data + bytes(of: CRC32C.masked(data))
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
