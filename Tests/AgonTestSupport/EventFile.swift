/// The records of TFRecord files, read: length (8 bytes), its checksum (4), data, their checksum (4). Checksums are not
/// looked at: TensorBoard does that.
enum EventFile {
    /// The data of each record; nil where the file is torn.
    static func records(in file: [UInt8]) -> [ArraySlice<UInt8>]? {
        var records: [ArraySlice<UInt8>] = []
        var place = 0
        while place < file.count {
            guard file.count - place >= 16 else { return nil }
            let length = file[place..<place + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length <= file.count - place - 16 else { return nil }
            records.append(file[place + 12..<place + 12 + length])
            place += length + 16
        }
        return records
    }
}

/// A field of a protocol buffer message that was read.
struct ProtobufField {
    enum Value {
        case variable(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    let number: Int
    let value: Value

    /// The fields of a message in their order; nil where the bytes are none.
    static func all(in message: ArraySlice<UInt8>) -> [ProtobufField]? {
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
