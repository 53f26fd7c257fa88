/// A protocol buffer message that is being written, field by field.
///
/// Protocol Buffers, "Encoding": a field is its number and kind in a variable-length integer, then the value. Values
/// that are zero or empty are the default and may be left out; this writes what it is given.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: Int, _ value: Int) {
        key(field, kind: 0)
        // Negative numbers take ten bytes, as their two's complement in 64 bits.
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

    /// A message that `body` writes.
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

/// A field of a protocol buffer message that was read.
package struct ProtobufField {
    package enum Value {
        case variable(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    package let number: Int
    package let value: Value

    /// The fields of a message in their order; nil where the bytes are none.
    package static func all(in message: ArraySlice<UInt8>) -> [ProtobufField]? {
        var rest = message
        var fields: [ProtobufField] = []
        while !rest.isEmpty {
            guard let key = variable(from: &rest), let number = Int(exactly: key >> 3), number > 0 else { return nil }
            let value: Value
            switch key & 7 {
            case 0:
                guard let number = variable(from: &rest) else { return nil }
                value = .variable(number)
            case 1:
                guard let bytes = take(8, from: &rest) else { return nil }
                value = .fixed64(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
            case 2:
                guard let length = variable(from: &rest).flatMap({ Int(exactly: $0) }),
                    let bytes = take(length, from: &rest)
                else { return nil }
                value = .bytes(bytes)
            case 5:
                guard let bytes = take(4, from: &rest) else { return nil }
                value = .fixed32(bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
            default: return nil
            }
            fields.append(ProtobufField(number: number, value: value))
        }
        return fields
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func variable(from rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}
