import AgonRuns
import Testing

/// What TensorBoard shows of a run's event files, without times: one `step tag value` per line, in the order of
/// writing. The start of a session discards earlier events from its step on.
package func eventLines(_ folder: String) throws -> [String] {
    var lines: [(step: Int, text: String)] = []
    for path in EventLog.files(in: RunFolder(path: folder)) {
        let file = Array(try #require(bytes(path)))
        for record in try #require(EventFile.records(in: file), "a torn record") {
            var step = 0
            for field in try #require(ProtobufField.all(in: record)) {
                switch (field.number, field.value) {
                case (2, .variable(let found)): step = Int(found)
                case (3, .bytes(let version)): lines.append((0, String(decoding: version, as: UTF8.self)))
                case (5, .bytes(let summary)):
                    for value in try #require(ProtobufField.all(in: summary)) {
                        guard case .bytes(let value) = value.value else { continue }
                        lines.append((step, "\(step) \(try described(value))"))
                    }
                case (7, .bytes(let session)):
                    _ = try #require(Array(session) == [8, 1] ? true : nil, "not the start of a session")
                    lines.removeAll { $0.text.first?.isNumber == true && $0.step >= step }
                    lines.append((step, "\(step) start"))
                default: break
                }
            }
        }
    }
    return lines.map(\.text)
}

private func described(_ value: ArraySlice<UInt8>) throws -> String {
    var words: [String] = []
    for field in try #require(ProtobufField.all(in: value)) {
        switch (field.number, field.value) {
        case (1, .bytes(let tag)): words.append(String(decoding: tag, as: UTF8.self))
        case (2, .fixed32(let bits)): words.append("\(Float(bitPattern: bits))")
        case (4, .bytes(let image)): words.append("\(image.count) bytes")
        default: break
        }
    }
    return words.joined(separator: " ")
}
