/// A protocol buffer message that is being written, field by field.
///
/// Protocol Buffers, "Encoding": a field is its number and wire type as a variable-length integer, followed by the
/// value. Zero and empty values are the default and may be omitted; this type writes them nevertheless.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: Int, _ value: Int) {
        key(field, kind: 0)
        // Negative numbers take ten bytes: they are encoded as 64-bit two's complement.
        variable(UInt64(bitPattern: Int64(value)))
    }

    mutating func add(_ field: Int, _ value: Bool) { add(field, value ? 1 : 0) }

    mutating func add(_ field: Int, _ value: Double) {
        key(field, kind: 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ field: Int, _ value: Float) {
        key(field, kind: 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ field: Int, _ value: some Collection<UInt8>) {
        key(field, kind: 2)
        variable(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func add(_ field: Int, _ value: String) { add(field, value.utf8) }

    mutating func add(_ field: Int, _ value: ProtobufMessage) { add(field, value.bytes) }

    /// Adds a nested message that `body` writes.
    mutating func add(_ field: Int, _ body: (inout ProtobufMessage) -> Void) {
        var message = ProtobufMessage()
        body(&message)
        add(field, message)
    }

    private mutating func key(_ field: Int, kind: UInt64) { variable(UInt64(field) << 3 | kind) }

    private mutating func variable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
